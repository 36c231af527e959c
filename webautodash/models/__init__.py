"""The tables: ``SystemBase.metadata`` is the registry's schema, ``ProviderBase.metadata`` one provider's."""

from webautodash.models.alerts import Alert, AlertDelivery, AlertDigest
from webautodash.models.base import ProviderBase, SystemBase
from webautodash.models.clinical import Allergy, ClinicalRow, Diagnosis, HealthConcern, Medication, OtherRecord
from webautodash.models.conflicts import ConflictReview, DataConflict
from webautodash.models.events import PendingEvent
from webautodash.models.extractions import ExtractionSession, PatientExtraction, SessionDecision, SetAsidePatient
from webautodash.models.fleet import Lease, MigratedDatabase, MigrationRun
from webautodash.models.patients import DatabaseIdentity, Patient
from webautodash.models.system import (
    FileAcceptance,
    IngestedFile,
    Monitor,
    Provider,
    ProviderAlias,
    ResultsRoot,
    StoredContent,
    SystemLog,
)

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
