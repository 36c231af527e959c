"""The tables. ``SystemBase`` has those of the system database, ``ProviderBase`` those of a provider's database."""

from webautodash.models.alerts import Alert, AlertDelivery, AlertDigest
from webautodash.models.base import ProviderBase, SystemBase
from webautodash.models.clinical import Allergy, ClinicalRow, Diagnosis, HealthConcern, Medication, OtherRecord
from webautodash.models.conflicts import ConflictReview, DataConflict
from webautodash.models.identity import DatabaseIdentity
from webautodash.models.ingested_files import FileAcceptance, IngestedFile, StoredContent
from webautodash.models.leases import Lease
from webautodash.models.migration_runs import MigratedDatabase, MigrationRun
from webautodash.models.monitors import Monitor
from webautodash.models.patients import Patient, PatientExtraction
from webautodash.models.pending_events import PendingEvent
from webautodash.models.providers import Provider, ProviderAlias, ResultsRoot
from webautodash.models.sessions import ExtractionSession, SessionDecision
from webautodash.models.set_aside import SetAsidePatient
from webautodash.models.system_log import SystemLog

__all__ = [
    "Alert",
    "AlertDelivery",
    "AlertDigest",
    "Allergy",
    "ClinicalRow",
    "ConflictReview",
    "DataConflict",
    "DatabaseIdentity",
    "Diagnosis",
    "ExtractionSession",
    "FileAcceptance",
    "HealthConcern",
    "IngestedFile",
    "Lease",
    "Medication",
    "MigratedDatabase",
    "MigrationRun",
    "Monitor",
    "OtherRecord",
    "Patient",
    "PatientExtraction",
    "PendingEvent",
    "Provider",
    "ProviderAlias",
    "ProviderBase",
    "ResultsRoot",
    "SessionDecision",
    "SetAsidePatient",
    "StoredContent",
    "SystemBase",
    "SystemLog",
]
