"""Profiles: how the files of other portals are read."""

from pathlib import Path

from webautodash.client.installation import Group
from webautodash.domain.extraction.document.find_profile import Attempt
from webautodash.services import profiles
from webautodash.services.profiles import ProfileDetail, ProfileSummary, ProfileTrial, ReadPatient

__all__ = ["Attempt", "ProfileDetail", "ProfileSummary", "ProfileTrial", "Profiles", "ReadPatient"]


class Profiles(Group):
    """Methods about profiles: ``WebAutoDash().profiles``. They need no database.

    Each raises ConfigurationError if the folder of the profiles cannot be read, and InvalidProfile, with file, line and
    key, for a profile that is not valid.
    """

    def all(self) -> tuple[ProfileSummary, ...]:
        """Return all profiles, in the order in which they are tried."""
        return profiles.list_profiles(self._installation.settings)

    def show(self, name: str) -> ProfileDetail:
        """Return the profile with this name. Raises UsageError with the known names."""
        return profiles.show_profile(self._installation.settings, name)

    def test(self, path: Path | str, name: str | None = None) -> ProfileTrial:
        """Read a file as an ingest would, by all profiles or by the named one. Nothing is written.

        Raises the errors of a file that cannot be read; a file that no profile fits is in the result.
        """
        return profiles.try_profiles(self._installation.settings, Path(path), name)

    def draft(self, path: Path | str) -> str:
        """Return a first draft, as TOML, for the portal whose file is a sample.

        Its only value out of the file is the portal's name. Raises UsageError if the file is not JSON, larger than
        64 MiB, or holds nothing that looks like a patient.
        """
        return profiles.draft_from(Path(path))
