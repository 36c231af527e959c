"""Repositories: SQL behind verbs of the domain. They never commit."""

from webautodash.repositories.alert_digests import DigestRepository
from webautodash.repositories.alerts import AlertRepository
from webautodash.repositories.clinical import ClinicalRepository
from webautodash.repositories.conflicts import ConflictRepository
from webautodash.repositories.extractions import ExtractionRepository
from webautodash.repositories.file_acceptances import FileAcceptanceRepository
from webautodash.repositories.file_states import FileStateRepository
from webautodash.repositories.future_times import FutureTimeRepository
from webautodash.repositories.identity import IdentityRepository
from webautodash.repositories.ingested_files import FileRepository
from webautodash.repositories.leases import LeaseRepository
from webautodash.repositories.metrics import MetricsRepository
from webautodash.repositories.migrations import MigrationRepository
from webautodash.repositories.monitors import MonitorRepository
from webautodash.repositories.patient_queries import PatientQueries
from webautodash.repositories.patients import PatientRepository
from webautodash.repositories.pending_events import EventRepository
from webautodash.repositories.providers import ProviderRepository
from webautodash.repositories.roots import RootRepository
from webautodash.repositories.session_decisions import SessionDecisionRepository
from webautodash.repositories.sessions import SessionRepository
from webautodash.repositories.set_aside import SetAsideRepository
from webautodash.repositories.statistics import StatisticsRepository
from webautodash.repositories.stored_contents import ContentRepository
from webautodash.repositories.system_log import LogRepository
from webautodash.repositories.system_texts import SystemTexts
from webautodash.repositories.verification import VerificationRepository

__all__ = [
    "AlertRepository",
    "ClinicalRepository",
    "ConflictRepository",
    "ContentRepository",
    "DigestRepository",
    "EventRepository",
    "ExtractionRepository",
    "FileAcceptanceRepository",
    "FileRepository",
    "FileStateRepository",
    "FutureTimeRepository",
    "IdentityRepository",
    "LeaseRepository",
    "LogRepository",
    "MetricsRepository",
    "MigrationRepository",
    "MonitorRepository",
    "PatientQueries",
    "PatientRepository",
    "ProviderRepository",
    "RootRepository",
    "SessionDecisionRepository",
    "SessionRepository",
    "SetAsideRepository",
    "StatisticsRepository",
    "SystemTexts",
    "VerificationRepository",
]
