"""Checks of an installation: what is wrong and how much it matters."""

from collections.abc import Sequence
from pathlib import Path

from webautodash.client.installation import Group
from webautodash.errors import ConfigurationError
from webautodash.services.doctor import (
    DoctorReport as DoctorReport,
    Finding as Finding,
    FindingSeverity as FindingSeverity,
    configuration,
    examine,
    examine_isolation,
)


class Doctor(Group):
    """Checks that change nothing: ``WebAutoDash().doctor``."""

    def examine(self) -> DoctorReport:
        """Check server, rights, settings, folders and databases."""
        return examine(self._installation.settings)

    def examine_isolation(self, logs: Sequence[Path] = ()) -> DoctorReport:
        """Check that no provider's account reaches another's rows, and that ``logs`` contain no PRN."""
        return examine_isolation(self._installation.settings, logs)


def invalid_settings(error: ConfigurationError) -> DoctorReport:
    """Report settings with which no check can begin."""
    return DoctorReport((configuration.invalid(error),))
