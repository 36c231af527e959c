"""The tables. ``SystemBase`` has those of the system database, ``ProviderBase`` those of a provider's database."""

from webautodash.models.alerts import Alert as Alert, AlertDelivery as AlertDelivery, AlertDigest as AlertDigest
from webautodash.models.base import ProviderBase as ProviderBase, SystemBase as SystemBase
from webautodash.models.clinical import (
    Allergy as Allergy,
    ClinicalRow as ClinicalRow,
    Diagnosis as Diagnosis,
    HealthConcern as HealthConcern,
    Medication as Medication,
    OtherRecord as OtherRecord,
)
from webautodash.models.conflicts import ConflictReview as ConflictReview, DataConflict as DataConflict
from webautodash.models.identity import DatabaseIdentity as DatabaseIdentity
from webautodash.models.ingested_files import (
    FileAcceptance as FileAcceptance,
    IngestedFile as IngestedFile,
    StoredContent as StoredContent,
)
from webautodash.models.leases import Lease as Lease
from webautodash.models.migration_runs import MigratedDatabase as MigratedDatabase, MigrationRun as MigrationRun
from webautodash.models.monitors import Monitor as Monitor
from webautodash.models.patients import Patient as Patient, PatientExtraction as PatientExtraction
from webautodash.models.pending_events import PendingEvent as PendingEvent
from webautodash.models.providers import (
    Provider as Provider,
    ProviderAlias as ProviderAlias,
    ResultsRoot as ResultsRoot,
)
from webautodash.models.sessions import ExtractionSession as ExtractionSession, SessionDecision as SessionDecision
from webautodash.models.set_aside import SetAsidePatient as SetAsidePatient
from webautodash.models.system_log import SystemLog as SystemLog
