"""Closed lists of words that the databases hold and the command line takes."""

from enum import StrEnum


class ConflictType(StrEnum):
    """The type of a recorded difference."""

    MEDICATION_CONFLICT = "medication_conflict"
    """The medication list differs."""
    DATA_CHANGED = "data_changed"
    """Another list differs, or one file has the PRN twice with different content."""
    DEMOGRAPHIC_MISMATCH = "demographic_mismatch"
    """A demographic value differs."""
    EXTRACTION_DUPLICATE = "extraction_duplicate"
    """The extraction repeats an earlier one. Resolved when it is recorded."""


class Severity(StrEnum):
    """How important a conflict is, lowest first."""

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
    """The status of a conflict's review."""

    UNRESOLVED = "unresolved"
    """Waits for a review."""
    REVIEWING = "reviewing"
    """A reviewer is working on it."""
    RESOLVED = "resolved"
    """A reviewer settled it."""
    FALSE_POSITIVE = "false_positive"
    """A reviewer, or the correction of a session's time, found that nothing differs."""


OPEN_CONFLICTS = (ConflictStatus.UNRESOLVED, ConflictStatus.REVIEWING)
"""What waits for a person."""


class ProcessingStatus(StrEnum):
    """The outcome for one patient of a file."""

    PROCESSED = "processed"
    """Stored; no list differs from the earlier extraction."""
    CONFLICT = "conflict"
    """Stored; a list differs from the earlier extraction."""
    DUPLICATE = "duplicate"
    """Linked to the extraction that it repeats; it has no clinical rows of its own."""
    FAILED = "failed"
    """Stored by an earlier version or script, but failed or incomplete; it counts for nothing."""


class ProviderStatus(StrEnum):
    """The status of a provider's registration."""

    REGISTERING = "registering"
    """The database is being created, or the registration was interrupted and has to be repeated."""
    ACTIVE = "active"
    """The database is ready."""
    INACTIVE = "inactive"
    """The provider is kept, but not in use."""


class FileState(StrEnum):
    """The state of a file below Results."""

    SEEN = "seen"
    """Found, but it may still be being written."""
    WAITING = "waiting"
    """Complete; to be ingested, or to be tried again."""
    INGESTED = "ingested"
    """Stored, with every patient."""
    PARTIAL = "partial"
    """Stored, but at least one patient was set aside."""
    REJECTED = "rejected"
    """The file itself is wrong. It is read again after it has changed."""
    HELD = "held"
    """Not tried again until it changes or a person asks for it."""


OPEN_FILES = (FileState.SEEN, FileState.WAITING)
"""What is still to be taken."""
STORED_FILES = (FileState.INGESTED, FileState.PARTIAL)
"""What is in a provider's database."""
FAILED_FILES = (FileState.REJECTED, FileState.HELD)
"""What is not taken until it changes or a person asks for it."""


class EventKind(StrEnum):
    """The kind of an event that a provider's database passes on to the system database."""

    FILE_STORED = "file_stored"
    """A file was stored."""
    PATIENT_TAKEN_IN = "patient_taken_in"
    """A patient that was set aside was stored."""
    DATABASE_ADOPTED = "database_adopted"
    """A database of the earlier scripts was adopted."""
    SESSION_CORRECTED = "session_corrected"
    """A stored session was corrected."""


class MonitorState(StrEnum):
    """The state of a monitor, as far as it recorded it."""

    RUNNING = "running"
    """At work."""
    STOPPED = "stopped"
    """Ended normally."""
    LOST = "lost"
    """Ended without recording it."""


class MigrationState(StrEnum):
    """The state of a migration run, or of one database in it."""

    WAITING = "waiting"
    """Not begun."""
    RUNNING = "running"
    """At work, or interrupted."""
    DONE = "done"
    """At the revision that the run is for."""
    FAILED = "failed"
    """Stopped by an error."""


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


class RevisionStatus(StrEnum):
    """Where a database stands, compared with the head of its schema history or with another target revision."""

    CURRENT = "at head"
    """At the head or target."""
    BEHIND = "behind"
    """A migration is pending."""
    MIGRATING = "interrupted"
    """At the target, with a migration to another revision that is running or was interrupted."""
    AHEAD = "ahead"
    """At a later revision, possibly one of a newer version of the program."""
    EMPTY = "empty"
    """Without tables, although its provider is registered."""
    FOREIGN = "foreign"
    """With the schema of the other history: a system database in place of a provider's, or the reverse."""
    MISSING = "missing"
    """Registered, but not on the server."""
    UNREADABLE = "unreadable"
    """Without an answer about its revision; the error says why."""
