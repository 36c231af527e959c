"""The first start: system database, providers, first ingest."""

from collections.abc import Callable

from webautodash.client.installation import Installation
from webautodash.services.ingest import FileOutcome, Progress
from webautodash.services.registry.setup import SetupReport, SetupSurvey, set_up, survey_setup

__all__ = ["Setup", "SetupReport", "SetupSurvey"]


class Setup:
    """Methods about the first start: ``WebAutoDash().setup``."""

    def __init__(self, installation: Installation) -> None:
        self._settings = installation.settings

    def survey(self) -> SetupSurvey:
        """Check settings and connection, and report what exists; changes nothing. Raises DatabaseUnreachable."""
        return survey_setup(self._settings)

    def run(
        self,
        *,
        ingest: bool = True,
        on_file: Callable[[FileOutcome], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> SetupReport:
        """Create the system database, register the providers found in Results, and ingest; safe to repeat."""
        return set_up(self._settings, ingest=ingest, on_file=on_file, on_progress=on_progress)
