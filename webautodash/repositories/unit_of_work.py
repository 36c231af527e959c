"""Units of work: one transaction in one database, with the repositories as attributes."""

from functools import cached_property

from sqlalchemy.orm import Session

from webautodash.repositories.adopted import AdoptedRepository
from webautodash.repositories.alert_digests import DigestRepository
from webautodash.repositories.alerts import AlertRepository
from webautodash.repositories.attempts import AttemptRepository
from webautodash.repositories.clinical import ClinicalRepository
from webautodash.repositories.conflicts import ConflictRepository
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
from webautodash.repositories.patients import PatientRepository
from webautodash.repositories.pending_events import EventRepository
from webautodash.repositories.providers import ProviderRepository
from webautodash.repositories.replays import ReplayRepository
from webautodash.repositories.roots import RootRepository
from webautodash.repositories.schema import SchemaRepository
from webautodash.repositories.session_decisions import SessionDecisionRepository
from webautodash.repositories.sessions import SessionRepository
from webautodash.repositories.set_aside import SetAsideRepository
from webautodash.repositories.statistics import StatisticsRepository
from webautodash.repositories.stored_contents import ContentRepository
from webautodash.repositories.stored_failures import StoredFailureRepository
from webautodash.repositories.system_log import LogRepository
from webautodash.repositories.system_texts import SystemTexts
from webautodash.repositories.verification import VerificationRepository


class UnitOfWork:
    """One transaction in one database. What is not committed is undone when the block ends."""

    def __init__(self, session: Session) -> None:
        self.session = session
        """For Python code that makes its own repositories; services use the attributes."""

    def commit(self) -> None:
        """Make everything that was written permanent, and begin a new transaction with the next statement."""
        self.session.commit()

    @cached_property
    def schema(self) -> SchemaRepository:
        return SchemaRepository(self.session)

    @cached_property
    def legacy_tables(self) -> LegacyTables:
        return LegacyTables(self.session)


class SystemWork(UnitOfWork):
    """A unit of work in the system database."""

    @cached_property
    def providers(self) -> ProviderRepository:
        return ProviderRepository(self.session)

    @cached_property
    def roots(self) -> RootRepository:
        return RootRepository(self.session)

    @cached_property
    def ingested_files(self) -> FileRepository:
        return FileRepository(self.session)

    @cached_property
    def attempts(self) -> AttemptRepository:
        return AttemptRepository(self.session)

    @cached_property
    def file_states(self) -> FileStateRepository:
        return FileStateRepository(self.session)

    @cached_property
    def file_acceptances(self) -> FileAcceptanceRepository:
        return FileAcceptanceRepository(self.session)

    @cached_property
    def stored_contents(self) -> ContentRepository:
        return ContentRepository(self.session)

    @cached_property
    def system_log(self) -> LogRepository:
        return LogRepository(self.session)

    @cached_property
    def monitors(self) -> MonitorRepository:
        return MonitorRepository(self.session)

    @cached_property
    def alerts(self) -> AlertRepository:
        return AlertRepository(self.session)

    @cached_property
    def alert_digests(self) -> DigestRepository:
        return DigestRepository(self.session)

    @cached_property
    def leases(self) -> LeaseRepository:
        return LeaseRepository(self.session)

    @cached_property
    def migration_runs(self) -> MigrationRepository:
        return MigrationRepository(self.session)

    @cached_property
    def metrics(self) -> MetricsRepository:
        return MetricsRepository(self.session)

    @cached_property
    def future_times(self) -> FutureTimeRepository:
        return FutureTimeRepository(self.session)

    @cached_property
    def texts(self) -> SystemTexts:
        return SystemTexts(self.session)


class ProviderWork(UnitOfWork):
    """A unit of work in the database of one provider."""

    @cached_property
    def identity(self) -> IdentityRepository:
        return IdentityRepository(self.session)

    @cached_property
    def patients(self) -> PatientRepository:
        return PatientRepository(self.session)

    @cached_property
    def patient_queries(self) -> PatientQueries:
        return PatientQueries(self.session)

    @cached_property
    def sessions(self) -> SessionRepository:
        return SessionRepository(self.session)

    @cached_property
    def session_decisions(self) -> SessionDecisionRepository:
        return SessionDecisionRepository(self.session)

    @cached_property
    def extractions(self) -> ExtractionRepository:
        return ExtractionRepository(self.session)

    @cached_property
    def clinical(self) -> ClinicalRepository:
        return ClinicalRepository(self.session)

    @cached_property
    def conflicts(self) -> ConflictRepository:
        return ConflictRepository(self.session)

    @cached_property
    def set_aside(self) -> SetAsideRepository:
        return SetAsideRepository(self.session)

    @cached_property
    def pending_events(self) -> EventRepository:
        return EventRepository(self.session)

    @cached_property
    def replays(self) -> ReplayRepository:
        return ReplayRepository(self.session)

    @cached_property
    def stored_failures(self) -> StoredFailureRepository:
        return StoredFailureRepository(self.session)

    @cached_property
    def statistics(self) -> StatisticsRepository:
        return StatisticsRepository(self.session)

    @cached_property
    def verification(self) -> VerificationRepository:
        return VerificationRepository(self.session)

    @cached_property
    def manual_changes(self) -> ManualChangeRepository:
        return ManualChangeRepository(self.session)

    @cached_property
    def cross_references(self) -> CrossReferences:
        return CrossReferences(self.session)

    @cached_property
    def adopted(self) -> AdoptedRepository:
        return AdoptedRepository(self.session)

    @cached_property
    def legacy_checks(self) -> LegacyChecks:
        return LegacyChecks(self.session)

    @cached_property
    def legacy_rows(self) -> LegacyRows:
        return LegacyRows(self.session)
