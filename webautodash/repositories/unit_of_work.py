"""Units of work: one transaction in one database, with the repositories as attributes."""

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from webautodash.repositories.adopted import AdoptedRepository
from webautodash.repositories.alert_digests import DigestRepository
from webautodash.repositories.alerts import AlertRepository
from webautodash.repositories.attempts import AttemptRepository
from webautodash.repositories.clinical import ClinicalRepository
from webautodash.repositories.conflicts import ConflictRepository
from webautodash.repositories.coverage import CoverageRepository
from webautodash.repositories.cross_references import CrossReferences
from webautodash.repositories.extractions import ExtractionRepository
from webautodash.repositories.file_acceptances import FileAcceptanceRepository
from webautodash.repositories.file_states import FileStateRepository
from webautodash.repositories.future_times import FutureTimeRepository
from webautodash.repositories.identity import IdentityRepository
from webautodash.repositories.ingested_files import FileRepository
from webautodash.repositories.leases import LeaseRepository
from webautodash.repositories.legacy_checks import LegacyChecks
from webautodash.repositories.legacy_rows import LegacyRows
from webautodash.repositories.legacy_tables import LegacyTables
from webautodash.repositories.manual_changes import ManualChangeRepository
from webautodash.repositories.metrics import MetricsRepository
from webautodash.repositories.migrations import MigrationRepository
from webautodash.repositories.monitors import MonitorRepository
from webautodash.repositories.patient_queries import PatientQueries
from webautodash.repositories.patient_search import PatientSearch
from webautodash.repositories.patients import PatientRepository
from webautodash.repositories.pending_events import EventRepository
from webautodash.repositories.providers import ProviderRepository
from webautodash.repositories.replays import ReplayRepository
from webautodash.repositories.roots import RootRepository
from webautodash.repositories.schema import SchemaRepository
from webautodash.repositories.session_decisions import SessionDecisionRepository
from webautodash.repositories.session_history import SessionHistoryRepository
from webautodash.repositories.sessions import SessionRepository
from webautodash.repositories.set_aside import SetAsideRepository
from webautodash.repositories.statistics import StatisticsRepository
from webautodash.repositories.stored_contents import ContentRepository
from webautodash.repositories.stored_failures import StoredFailureRepository
from webautodash.repositories.system_log import LogRepository
from webautodash.repositories.system_texts import SystemTexts
from webautodash.repositories.verification import VerificationRepository

R = TypeVar("R")


class _Repository(Generic[R]):
    """Attribute of a unit of work: a repository, created when it is first used."""

    def __init__(self, make: Callable[[Session], R]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, work: "UnitOfWork", owner: type) -> R:
        # The instance's own attribute of the same name is found before this one.
        repository = work.__dict__[self._name] = self._make(work.session)
        return repository


class UnitOfWork:
    """One transaction in one database. What is not committed is undone when the block ends."""

    def __init__(self, session: Session) -> None:
        self.session = session
        """For Python code that makes its own repositories; services use the attributes."""

    def commit(self) -> None:
        """Make everything that was written permanent, and begin a new transaction with the next statement."""
        self.session.commit()

    schema = _Repository(SchemaRepository)
    legacy_tables = _Repository(LegacyTables)


class SystemWork(UnitOfWork):
    """A unit of work in the system database."""

    providers = _Repository(ProviderRepository)
    roots = _Repository(RootRepository)
    ingested_files = _Repository(FileRepository)
    attempts = _Repository(AttemptRepository)
    file_states = _Repository(FileStateRepository)
    file_acceptances = _Repository(FileAcceptanceRepository)
    stored_contents = _Repository(ContentRepository)
    system_log = _Repository(LogRepository)
    monitors = _Repository(MonitorRepository)
    alerts = _Repository(AlertRepository)
    alert_digests = _Repository(DigestRepository)
    leases = _Repository(LeaseRepository)
    migration_runs = _Repository(MigrationRepository)
    metrics = _Repository(MetricsRepository)
    future_times = _Repository(FutureTimeRepository)
    texts = _Repository(SystemTexts)


class ProviderWork(UnitOfWork):
    """A unit of work in the database of one provider."""

    identity = _Repository(IdentityRepository)
    patients = _Repository(PatientRepository)
    patient_queries = _Repository(PatientQueries)
    patient_search = _Repository(PatientSearch)
    sessions = _Repository(SessionRepository)
    session_history = _Repository(SessionHistoryRepository)
    session_decisions = _Repository(SessionDecisionRepository)
    extractions = _Repository(ExtractionRepository)
    clinical = _Repository(ClinicalRepository)
    conflicts = _Repository(ConflictRepository)
    set_aside = _Repository(SetAsideRepository)
    coverage = _Repository(CoverageRepository)
    pending_events = _Repository(EventRepository)
    replays = _Repository(ReplayRepository)
    stored_failures = _Repository(StoredFailureRepository)
    statistics = _Repository(StatisticsRepository)
    verification = _Repository(VerificationRepository)
    manual_changes = _Repository(ManualChangeRepository)
    cross_references = _Repository(CrossReferences)
    adopted = _Repository(AdoptedRepository)
    legacy_checks = _Repository(LegacyChecks)
    legacy_rows = _Repository(LegacyRows)
