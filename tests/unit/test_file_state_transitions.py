"""The state of a file after an attempt, as a table."""

from datetime import timedelta
from pathlib import Path

import pytest

from webautodash.domain.dates import utc_now
from webautodash.domain.file_state_transitions import (
    CONNECTION_LOST,
    KILLED_READER,
    WORKER_LOST,
    FileResult,
    RetryPolicy,
    Transition,
    after_attempt,
    held_kind,
    result_of_error,
)
from webautodash.domain.retries import LONGEST_SECONDS, LONGEST_WAIT_FOR_PERSON
from webautodash.domain.vocabulary import FileState
from webautodash.errors import (
    BeingMigrated,
    ConnectionLost,
    DatabaseBusy,
    FileGone,
    MalformedDocument,
    StillBeingWritten,
    StoredElsewhere,
    UnregisteredProvider,
    WrongFolder,
)

NOW = utc_now()
POLICY = RetryPolicy(first_seconds=10, most_attempts=3)
FILE = Path("a.json")


@pytest.mark.parametrize(
    ("result", "facts", "attempts", "state", "pause"),
    [
        (FileResult.INGESTED, {}, 0, FileState.INGESTED, None),
        (FileResult.PARTIAL, {"set_aside": 1}, 4, FileState.PARTIAL, None),
        (FileResult.ALREADY_INGESTED, {}, 0, FileState.INGESTED, None),
        (FileResult.ALREADY_INGESTED, {"set_aside": 2}, 0, FileState.PARTIAL, None),
        (FileResult.REJECTED, {}, 0, FileState.REJECTED, None),
        (FileResult.HELD, {}, 0, FileState.HELD, None),
        (FileResult.WAITING, {}, 9, FileState.WAITING, None),
        (FileResult.BLOCKED, {}, 0, FileState.WAITING, 10),
        (FileResult.BLOCKED, {}, 9, FileState.WAITING, LONGEST_WAIT_FOR_PERSON),
        (FileResult.FAILED, {}, 0, FileState.WAITING, 10),
        (FileResult.FAILED, {}, 1, FileState.WAITING, 20),
        (FileResult.FAILED, {}, 2, FileState.HELD, None),
        (FileResult.FAILED, {"transient": True}, 2, FileState.WAITING, 40),
        (FileResult.FAILED, {"transient": True}, 99, FileState.WAITING, LONGEST_SECONDS),
    ],
)
def test_each_result_leads_to_one_state(
    result: FileResult, facts: dict[str, int], attempts: int, state: FileState, pause: float | None
) -> None:
    at = None if pause is None else NOW + timedelta(seconds=pause)
    assert after_attempt(result, attempts, NOW, policy=POLICY, **facts) == Transition(state, attempts + 1, at)
    if result is FileResult.FAILED:
        state = FileState.WAITING
    assert after_attempt(result, attempts, NOW, **facts) == Transition(state, attempts + 1)


@pytest.mark.parametrize(
    ("error", "may_grow", "result"),
    [
        (FileGone(FILE), False, FileResult.GONE),
        (StoredElsewhere(FILE, "ann_bee"), False, FileResult.HELD),
        (StillBeingWritten(FILE), False, FileResult.WAITING),
        (MalformedDocument(FILE, "$", "r", truncated=True), True, FileResult.WAITING),
        (MalformedDocument(FILE, "$", "r", truncated=True), False, FileResult.REJECTED),
        (MalformedDocument(FILE, "$", "r"), True, FileResult.REJECTED),
        (WrongFolder(FILE, "Ann Bee", "gary_wang"), False, FileResult.REJECTED),
        (UnregisteredProvider("Ann Bee"), False, FileResult.BLOCKED),
        (BeingMigrated("webautodash_ann_bee", "p0005", None), False, FileResult.BLOCKED),
        (DatabaseBusy("d", "1205"), False, FileResult.FAILED),
        (ConnectionLost("d", "2013"), False, FileResult.FAILED),
        (ZeroDivisionError(), False, FileResult.FAILED),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_error_leads_to_one_result(error: Exception, may_grow: bool, result: FileResult) -> None:
    assert result_of_error(error, may_grow=may_grow) is result


@pytest.mark.parametrize(
    ("unfinished", "last_kind", "kind"),
    [
        (2, None, None),
        (3, None, KILLED_READER),
        (2, WORKER_LOST, None),
        (3, WORKER_LOST, KILLED_READER),
        (3, CONNECTION_LOST, None),
        (5, CONNECTION_LOST, CONNECTION_LOST),
    ],
)
def test_a_file_with_too_many_unfinished_attempts_is_held(
    unfinished: int, last_kind: str | None, kind: str | None
) -> None:
    assert held_kind(unfinished, last_kind, most_attempts=5) == kind
