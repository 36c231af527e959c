"""The few wordings that are pinned, and the advice for each kind of error."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest
from shell import options_of, parse_command
from source_code import in_package, literals, modules, parsed

from webautodash import errors
from webautodash.cli.advice import _ON_ERRORS, _ON_USAGE_ERRORS, advice_for, explain, explain_file
from webautodash.cli.doctor_cures import _CURES
from webautodash.config import Settings
from webautodash.domain.file_state_transitions import FileResult
from webautodash.errors import WebAutoDashError
from webautodash.services.ingest.report import FileOutcome

KINDS = {
    error.own_kind()
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, WebAutoDashError)
}
# Up to the punctuation or the next command line in the sentence.
COMMAND_LINE = re.compile(r"\bwebautodash ([a-z](?:(?!webautodash )[^;,:()`\"\n])*)")
# A group whose command follows in a variable, and prose.
NO_COMMAND_LINES = {"migrate ", "with its password"}
# The kind of a file whose readings ended their process several times; no error is raised for it.
KINDS_WITHOUT_ERROR = {"killed_reader"}


def test_each_piece_of_advice_belongs_to_an_existing_kind() -> None:
    assert _ON_ERRORS.keys() - KINDS == KINDS_WITHOUT_ERROR


def test_each_cure_belongs_to_a_finding_that_a_check_makes() -> None:
    checks = {text for path in modules() if in_package(path).startswith("services/doctor/") for text in literals(path)}
    assert {code if code in checks else code.partition(".")[0] + "." for code in _CURES} <= checks


def _command_lines() -> Iterator[str]:
    """The command lines in texts of the package, and the fixed words of those that are made with values."""
    for path in modules():
        for text in literals(path):
            yield from COMMAND_LINE.findall(text)
        for node in ast.walk(parsed(path)):
            match node:
                case ast.Call(func=ast.Name(id="command"), args=[ast.Constant(value=str() as words), *_]):
                    yield words


@pytest.mark.parametrize("line", sorted({*_command_lines()} - NO_COMMAND_LINES))
def test_each_command_line_in_a_text_is_a_command_with_these_options(line: str) -> None:
    command, arguments = parse_command(line.split())
    assert {word for word in arguments if word.startswith("--")} <= {"--", "--help"} | options_of(command)


@pytest.mark.parametrize(
    ("topic", "line"),
    [
        ("accounts", "provider grant"),
        ("folder_in_another_root", "root add"),
        ("provider_name", "provider adopt"),
        ("root_with_several_folders", "root move"),
        ("signature", "conflict resolve"),
    ],
)
def test_advice_about_a_wrong_call_names_options_of_the_command(topic: str, line: str) -> None:
    command, _ = parse_command(line.split())
    assert set(re.findall(r"--[a-z-]+", _ON_USAGE_ERRORS[topic])) <= options_of(command)


def test_each_kind_of_usage_error_that_has_advice_is_raised() -> None:
    assert set(_ON_USAGE_ERRORS) <= {text for path in modules("cli/") for text in literals(path)}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.NotSetUp("here"), "; run: webautodash setup"),
        (errors.NotAtHead("d", "p0001", "p0002"), "; run: webautodash migrate up"),
        (errors.AccountMissing("a"), "; run: webautodash provider grant --all"),
        (errors.FileNotWatched("a.json", PurePath("/r/a b.json")), "; run: webautodash ingest '/r/a b.json'"),
        (errors.UnknownProvider("x", ["y"]), "did you mean y?"),
        (errors.WrongDatabase("d", "x", "y"), "belongs to y"),
        (errors.UsageError("wrong", "signature"), "; pass --by and --why"),
    ],
)
def test_an_error_is_followed_by_its_advice(error: WebAutoDashError, text: str) -> None:
    assert text in explain(error)
    assert explain(error).startswith(str(error))


@pytest.mark.parametrize("kind", sorted(_ON_ERRORS))
def test_advice_needs_no_field(kind: str) -> None:
    advice_for(kind, {})


def test_a_lost_connection_names_the_retry_of_a_file_only_if_a_file_is_held() -> None:
    lost = FileOutcome("a.json", FileResult.FAILED, reason="lost", kind="connection_lost")
    held = FileOutcome("a.json", FileResult.HELD, reason="lost", kind="connection_lost")
    assert ["file retry" in text for text in map(explain_file, (lost, held))] == [False, True]
    assert "file retry" not in explain(errors.ConnectionLost("d", "2013"))


def test_the_reason_of_an_invalid_setting_has_the_programs_wording() -> None:
    with pytest.raises(errors.ConfigurationError) as refused:
        Settings.load(_env_file=None, timezone="Nowhere/Mark")
    assert str(refused.value) == "WEBAUTODASH_TIMEZONE: not a time zone name such as UTC or America/New_York"
