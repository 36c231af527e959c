"""Closed lists of words that the databases hold and the command line takes."""

from enum import StrEnum


class ConflictType(StrEnum):
    """What kind of difference was found."""

    MEDICATION_CONFLICT = "medication_conflict"
    DATA_CHANGED = "data_changed"
    DEMOGRAPHIC_MISMATCH = "demographic_mismatch"
    EXTRACTION_DUPLICATE = "extraction_duplicate"


class Severity(StrEnum):
    """How much a conflict matters, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(Severity).index(self)

    @property
    def and_above(self) -> "tuple[Severity, ...]":
        """This one and those that matter more."""
        return tuple(Severity)[self.rank :]


class ConflictStatus(StrEnum):
    """Where the review of a conflict stands."""

    UNRESOLVED = "unresolved"
    REVIEWING = "reviewing"
    RESOLVED = "resolved"
    FALSE_POSITIVE = "false_positive"


OPEN_CONFLICTS = (ConflictStatus.UNRESOLVED, ConflictStatus.REVIEWING)
"""What waits for a person."""


class ProcessingStatus(StrEnum):
    """What became of one patient's extraction."""

    PROCESSED = "processed"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    FAILED = "failed"


class ProviderStatus(StrEnum):
    """Whether a provider's registration is finished."""

    REGISTERING = "registering"
    ACTIVE = "active"
    INACTIVE = "inactive"


class FileState(StrEnum):
    """What is known of a file below Results."""

    SEEN = "seen"
    """Found, and not yet known to be whole."""
    WAITING = "waiting"
    INGESTED = "ingested"
    PARTIAL = "partial"
    REJECTED = "rejected"
    """The file itself is wrong; it is read again once it has changed."""
    HELD = "held"
    """Given up after the last attempt, until it changes or a person asks for it."""


OPEN_FILES = (FileState.SEEN, FileState.WAITING)
"""What is still to be taken."""
STORED_FILES = (FileState.INGESTED, FileState.PARTIAL)
"""What is in a provider's database."""
FAILED_FILES = (FileState.REJECTED, FileState.HELD)
"""What is not taken until it changes or a person asks for it."""


class EventKind(StrEnum):
    """What the outbox of a provider's database tells the system database."""

    FILE_STORED = "file_stored"
    PATIENT_TAKEN_IN = "patient_taken_in"
    DATABASE_ADOPTED = "database_adopted"
    SESSION_CORRECTED = "session_corrected"


class MonitorState(StrEnum):
    """Whether a monitor is at work, as far as it said itself."""

    RUNNING = "running"
    STOPPED = "stopped"
    LOST = "lost"
    """It ended without a word."""


class MigrationState(StrEnum):
    """How far a run of the migrations is, or one database in it."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Level(StrEnum):
    """Levels of the system log, least first."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for DEBUG to 4 for CRITICAL."""
        return list(Level).index(self)
