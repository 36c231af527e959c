"""The few wordings that are pinned, and the advice for each kind of error."""

from __future__ import annotations

import re
from pathlib import PurePath

import pytest

from webautodash import errors
from webautodash.cli.app import _COMMANDS
from webautodash.cli.hints import _HINTS, explain, hint_for
from webautodash.errors import Remedy, WebAutoDashError

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
