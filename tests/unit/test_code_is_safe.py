"""What no code of the package may do, whatever a linter is told to overlook."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "webautodash").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FORBIDDEN = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.loads", "pickle.load"}


def _calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            if any(given.arg == "shell" for given in node.keywords):
                yield "shell="


def _unreasoned(source: str) -> list[str]:
    """Lines on which a check of security is put off without a word why."""
    off = re.compile(r"#\s*(?:noqa:.*\bS\d+|nosec)")
    reason = re.compile(r"#\s*(?:noqa|nosec)[^#]*#\s*(?!noqa|nosec)\w")
    return [line for line in source.splitlines() if off.search(line) and not reason.search(line)]


def test_there_is_no_eval_and_no_shell() -> None:
    assert len(SOURCES) > 100
    found = {f"{path.name}: {call}" for path in SOURCES for call in _calls(path.read_text()) if call in FORBIDDEN}
    assert found == set()
    assert [path.name for path in SOURCES if "shell=" in _calls(path.read_text())] == []


@pytest.mark.parametrize("source", ["eval('1')", "import os\nos.system('x')", "run('x', shell=True)"])
def test_eval_and_shell_would_be_seen(source: str) -> None:
    assert {*FORBIDDEN, "shell="} & set(_calls(source))


def test_each_exception_from_a_check_of_security_has_its_reason() -> None:
    assert [f"{path.name}: {line.strip()}" for path in SOURCES for line in _unreasoned(path.read_text())] == []
    assert _unreasoned("x = 1  # noqa: S608\ny = 2  # nosec B608\nz = 3  # noqa: S608  # nosec B608") != []
    assert _unreasoned("x = 1  # noqa: S608  # nosec B608  # all quoted") == []


def test_the_checks_are_on() -> None:
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S")] == []
    assert {name.split("/")[0] for name in lint["per-file-ignores"]} == {"tests", "benchmarks"}
    assert PROJECT["tool"]["bandit"] == {"skips": ["B101", "B105", "B311", "B608"]}
    assert "bandit -q -c pyproject.toml -r webautodash migrations" in (ROOT / "Makefile").read_text()


def test_an_upper_bound_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    bound = [line for line in lines if re.match(r'\s*"[A-Za-z0-9_.\[\]-]+>=[^"]*<', line)]
    assert len(bound) >= 2
    assert [line for line in bound if "# (" not in line] == []
    wanted = [line for line in lines if re.match(r'\s*"[A-Za-z0-9_.\[\],-]+(>=|")[^"]*', line) and ">=" in line]
    assert [line for line in wanted if "#" not in line] == []
