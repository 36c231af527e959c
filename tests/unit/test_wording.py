"""The few wordings that are pinned, and the advice for each kind of error."""

from __future__ import annotations

import re
from pathlib import PurePath

import pytest

from webautodash import errors
from webautodash.cli.app import _COMMANDS
from webautodash.cli.hints import _HINTS, explain, explain_file, hint_for
from webautodash.domain.file_state_transitions import FileResult
from webautodash.errors import Remedy, WebAutoDashError
from webautodash.services.ingest.report import FileOutcome

KINDS = {
    error.own_kind()
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, WebAutoDashError)
}
# Given to a file after so many readings that ended their process; no error is raised for it.
KINDS_WITHOUT_ERROR = {"killed_reader"}


def test_each_piece_of_advice_belongs_to_a_kind_that_there_is() -> None:
    assert _HINTS.keys() - KINDS == KINDS_WITHOUT_ERROR


@pytest.mark.parametrize("kind", sorted(_HINTS))
def test_each_piece_of_advice_names_a_command_that_there_is(kind: str) -> None:
    fields = {"folder": "F", "known": {}, "wanted": None, "found": None, "database": "D", "remedy": Remedy.GRANT}
    advice = str(hint_for(kind, fields))
    commands = re.findall(r"\bwebautodash ([a-z-]+)", advice)
    assert commands or advice.endswith("--accept-loss")
    assert set(commands) <= set(_COMMANDS)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.NotSetUp("here"), "; run: webautodash setup"),
        (errors.NotAtHead("d", "p0001", "p0002"), "; run: webautodash migrate up"),
        (errors.AccountMissing("a"), "; run: webautodash provider grant --all"),
        (errors.FileNotWatched("a.json", PurePath("/r/a b.json")), "; run: webautodash ingest '/r/a b.json'"),
        (errors.UnknownProvider("x", ["y"]), "did you mean y?"),
        (errors.WrongDatabase("d", "x", "y"), "belongs to y"),
    ],
)
def test_an_error_is_followed_by_its_advice(error: WebAutoDashError, text: str) -> None:
    assert text in explain(error)
    assert explain(error).startswith(str(error))


@pytest.mark.parametrize("kind", sorted(_HINTS))
def test_advice_needs_no_field(kind: str) -> None:
    hint_for(kind, {})


def test_a_lost_connection_names_the_retry_of_a_file_only_if_a_file_is_held() -> None:
    lost = FileOutcome("a.json", FileResult.FAILED, reason="lost", kind="connection_lost")
    held = FileOutcome("a.json", FileResult.HELD, reason="lost", kind="connection_lost")
    assert ["file retry" in text for text in map(explain_file, (lost, held))] == [False, True]
    assert "file retry" not in explain(errors.ConnectionLost("d", "2013"))
