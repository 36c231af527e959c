"""The first start: system database, providers, first ingest."""

from collections.abc import Callable

from webautodash.client.installation import Group
from webautodash.services.ingest import FileOutcome, Progress
from webautodash.services.setup import SetupReport as SetupReport, SetupSurvey as SetupSurvey, set_up, survey_setup


class Setup(Group):
    """Methods about the first start: ``WebAutoDash().setup``."""

    def survey(self) -> SetupSurvey:
        """Check settings and connection, and report what exists; changes nothing. Raises DatabaseUnreachable."""
        return survey_setup(self._installation.settings)

    def run(
        self,
        *,
        ingest: bool = True,
        on_file: Callable[[FileOutcome], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> SetupReport:
        """Create the system database, register the providers found in Results, and ingest; safe to repeat."""
        return set_up(self._installation.settings, ingest=ingest, on_file=on_file, on_progress=on_progress)
