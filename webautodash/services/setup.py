"""From nothing to a working store: what `webautodash setup` does, step by step."""

from collections.abc import Callable
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.services.files import candidates
from webautodash.services.ingest import ingest_paths
from webautodash.services.reports import FileOutcome, IngestReport
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class Survey:
    """What is there before anything is made."""

    where: str
    system_database: str
    system_exists: bool
    results: str
    files: int


@dataclass(frozen=True, slots=True)
class SetupReport:
    """What was made, and what became of the files."""

    where: str
    system_database: str
    created_system: bool
    registered: tuple[str, ...]
    """Slugs of the providers that were not known before."""
    report: IngestReport


def survey(settings: Settings) -> Survey:
    """Check the connection and look around; makes nothing. Raises DatabaseUnreachable."""
    store = Store(settings)
    with store:
        results = settings.results_dir
        found = len(candidates([], results)) if results.is_dir() else 0
        exists = store.server.exists(store.system.name)
        return Survey(store.server.where, store.system.name, exists, str(results), found)


def set_up(
    settings: Settings, *, ingest: bool = True, on_file: Callable[[FileOutcome], None] | None = None
) -> SetupReport:
    """Make the system database, register the providers found in Results, and ingest what is there.

    Without ``ingest`` the files wait. Safe to repeat: what is there is left as it is.
    """
    found = survey(settings)
    with Store.prepare(settings) as store:
        before = {provider.slug for provider in store.providers()}
        report = ingest_paths(store, on_file=on_file) if ingest and found.files else IngestReport()
        registered = tuple(provider.slug for provider in store.providers() if provider.slug not in before)
    return SetupReport(found.where, found.system_database, not found.system_exists, registered, report)
