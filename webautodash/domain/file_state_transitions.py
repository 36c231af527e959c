"""What follows from an attempt to ingest a file: its result, its state, and the time of the next attempt.

Every decision about the state of a file is made here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from webautodash.domain.retries import LONGEST_SECONDS, LONGEST_WAIT_FOR_PERSON, retry_pause
from webautodash.domain.vocabulary import FileState
from webautodash.errors import (
    BeingMigrated,
    ConnectionLost,
    FileGone,
    FileHeld,
    InvalidProviderName,
    MalformedDocument,
    NewerThanProgram,
    NotAtHead,
    ProviderNameTaken,
    StillBeingWritten,
    UnregisteredProvider,
    UnusableFile,
    WrongFolder,
)


class FileResult(StrEnum):
    """The result of one attempt to ingest one file."""

    INGESTED = "ingested"
    PARTIAL = "partial"
    """Stored, but at least one patient was set aside."""
    ALREADY_INGESTED = "already_ingested"
    REJECTED = "rejected"
    WAITING = "waiting"
    """It may still be being written."""
    BLOCKED = "blocked"
    """Its provider is not registered, or the provider's database has to be migrated or is being migrated."""
    FAILED = "failed"
    HELD = "held"
    """It is complete, but is not stored until a person accepts it."""
    GONE = "gone"
    """It was removed after its folder was listed."""


STORED_RESULTS = frozenset({FileResult.INGESTED, FileResult.PARTIAL})
"""The results of an attempt that stored the file."""
PROBLEM_RESULTS = frozenset(
    {FileResult.PARTIAL, FileResult.REJECTED, FileResult.HELD, FileResult.BLOCKED, FileResult.FAILED}
)
"""The results that a person has to deal with."""
RETRIED_RESULTS = frozenset({FileResult.WAITING, FileResult.BLOCKED, FileResult.FAILED})
"""The results after which the file is tried again without anybody asking for it."""

CONNECTION_LOST = ConnectionLost.own_kind()
WORKER_LOST = "worker_lost"
KILLED_READER = "killed_reader"
MOST_KILLED = 3
"""The number of processes that may be killed while they read a file before the file is held."""

# The file itself is wrong. After any other error the file waits, because the cause is outside of it.
_REJECTIONS = (MalformedDocument, WrongFolder, UnusableFile, InvalidProviderName, ProviderNameTaken)
_BLOCKS = (NotAtHead, NewerThanProgram, BeingMigrated, UnregisteredProvider)

_STATES = {
    FileResult.INGESTED: FileState.INGESTED,
    FileResult.PARTIAL: FileState.PARTIAL,
    FileResult.REJECTED: FileState.REJECTED,
    FileResult.HELD: FileState.HELD,
    FileResult.WAITING: FileState.WAITING,
    FileResult.BLOCKED: FileState.WAITING,
    FileResult.FAILED: FileState.WAITING,
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The pause in seconds after a first failure, and the number of attempts after which a file is held."""

    first_seconds: float
    most_attempts: int


@dataclass(frozen=True, slots=True)
class Transition:
    """The new state of a file. Without ``next_attempt_at`` a waiting file is tried as soon as possible."""

    state: FileState
    attempts: int = 0
    next_attempt_at: datetime | None = None


FOUND = Transition(FileState.SEEN)
"""The file is new or has changed, or its state was forgotten."""
RETRY_REQUESTED = Transition(FileState.WAITING)
"""A person asked for another attempt."""


def stored_result(set_aside: int) -> FileResult:
    """The result for a file that was stored while this number of its patients was set aside."""
    return FileResult.PARTIAL if set_aside else FileResult.INGESTED


def result_of_error(error: Exception, *, may_grow: bool) -> FileResult:
    """The result for a file that this error kept from being stored.

    ``may_grow``: the file changed so recently that its missing end may still be written.
    """
    match error:
        case FileGone():
            return FileResult.GONE
        case FileHeld():
            return FileResult.HELD
        case StillBeingWritten():
            return FileResult.WAITING
        case MalformedDocument() if error.truncated and may_grow:
            return FileResult.WAITING
    if isinstance(error, _REJECTIONS):
        return FileResult.REJECTED
    return FileResult.BLOCKED if isinstance(error, _BLOCKS) else FileResult.FAILED


def after_attempt(
    result: FileResult,
    attempts: int,
    now: datetime,
    *,
    set_aside: int = 0,
    transient: bool = False,
    policy: RetryPolicy | None = None,
) -> Transition:
    """The state of a file after an attempt that followed ``attempts`` others. Not for files that are gone.

    ``transient``: time alone may remove the cause of a failure, so the file is never held for it. Without a policy
    nobody tries again at a set time, and no file is held after its last attempt.
    """
    attempts += 1
    state = _STATES[stored_result(set_aside) if result is FileResult.ALREADY_INGESTED else result]
    if policy is None or result not in {FileResult.BLOCKED, FileResult.FAILED}:
        return Transition(state, attempts)
    if result is FileResult.FAILED and not transient and attempts >= policy.most_attempts:
        return Transition(FileState.HELD, attempts)
    longest = LONGEST_WAIT_FOR_PERSON if result is FileResult.BLOCKED else LONGEST_SECONDS
    return Transition(state, attempts, now + timedelta(seconds=retry_pause(attempts, policy.first_seconds, longest)))


def held_kind(unfinished: int, last_kind: str | None, most_attempts: int) -> str | None:
    """The kind with which a file is held after this number of attempts that did not end; None if it is read again.

    ``last_kind`` is the kind of the last of these attempts, ``most_attempts`` the limit for lost connections.
    """
    if last_kind == CONNECTION_LOST:
        return CONNECTION_LOST if unfinished >= most_attempts else None
    return KILLED_READER if unfinished >= MOST_KILLED else None
