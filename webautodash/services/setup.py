"""Sets up a store: creates the system database, registers providers and ingests what is in Results."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.domain.extraction.document.read_document import read_document
from webautodash.errors import WebAutoDashError
from webautodash.services.callbacks import ignore
from webautodash.services.ingest import (
    FileOutcome,
    IngestReport,
    Progress,
    check_results_folder,
    each_candidate,
    ingest_paths,
)
from webautodash.services.ingest.skip_known import skip_known
from webautodash.services.registry import own_root, owner_of_file
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class SetupSurvey:
    """What exists before anything is created."""

    where: str
    system_database: str
    system_exists: bool
    results: str
    files: int


@dataclass(frozen=True, slots=True)
class SetupReport:
    """What was created, and the outcome of the files."""

    where: str
    system_database: str
    created_system: bool
    registered: tuple[str, ...]
    """Slugs of the newly registered providers."""
    report: IngestReport


def survey_setup(settings: Settings) -> SetupSurvey:
    """Check the settings and the connection, and count files; creates nothing. Raises DatabaseUnreachable."""
    check_results_folder(settings)
    with Store(settings, schema=True) as store:
        results = settings.results_dir
        found = sum(1 for _ in each_candidate([], results)) if results.is_dir() else 0
        exists = store.server.exists(store.system.name)
        return SetupSurvey(store.server.where, store.system.name, exists, str(results), found)


def set_up(
    settings: Settings,
    *,
    ingest: bool = True,
    on_file: Callable[[FileOutcome], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> SetupReport:
    """Create the system database, register the providers found in Results, and ingest their files.

    Without ``ingest`` only the providers are registered. Idempotent.
    """
    found = survey_setup(settings)
    # Registration is the purpose of a setup, whatever the setting says.
    settings = settings.model_copy(update={"auto_register": True})
    with Store.prepare(settings, schema=True) as store:
        before = {provider.slug for provider in store.providers()}
        # With one account per database, the accounts that ingest may not create databases.
        if found.files and (not ingest or settings.accounts is not None):
            _register_found(store)
    with Store.prepare(settings) as store:
        report = IngestReport()
        if found.files and ingest:
            report = ingest_paths(store, on_file=on_file, on_progress=on_progress)
        registered = tuple(provider.slug for provider in store.providers() if provider.slug not in before)
    return SetupReport(found.where, found.system_database, not found.system_exists, registered, report)


def _register_found(store: Store) -> None:
    found = each_candidate([], store.settings.results_dir, own_root(store))
    unknown, _ = skip_known(store, found, ignore)
    # A mistake in a profile is no fault of a file.
    limits, profiles = (store.time_limit.while_progressing, store.settings.max_file_size), store.profiles
    for candidate in unknown:
        # A fault of a file is reported when it is ingested.
        with suppress(WebAutoDashError):
            document = read_document(candidate.path, *limits, candidate.place, profiles)
            owner_of_file(store, candidate.path, document.provider_name, candidate.folder)
