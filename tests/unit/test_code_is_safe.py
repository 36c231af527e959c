"""Rules of security for the code of the package, also where a linter is told to ignore a line."""

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest
from source_code import ROOT, modules, parsed

SOURCES = [*modules(), *sorted((ROOT / "migrations").rglob("*.py"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FORBIDDEN = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.loads", "pickle.load"}


def _calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
            if any(keyword.arg == "shell" for keyword in node.keywords):
                yield "shell="


def _unreasoned(source: str) -> list[str]:
    """Lines that turn a check of security off without a reason."""
    off = re.compile(r"#\s*(?:noqa:.*\bS\d+|nosec)")
    reason = re.compile(r"#\s*(?:noqa|nosec)[^#]*#\s*(?!noqa|nosec)\w")
    return [line for line in source.splitlines() if off.search(line) and not reason.search(line)]


# Their handlers know no value of a patient, or the callers replace them by an error of the package.
_REPLACED_LATER = {"DBAPIError", "OperationalError", "ValueError", "UnreadableLog", "DocumentFaultError"}
_REPLACED_LATER |= {"_TooManyError", "invalid_type", "malformed_json", "UnreadableValueError"}


def _keeping_context(node: ast.AST, *, cleaned: bool = False, handling: bool = False) -> Iterator[int]:
    """Lines that raise another error while one is handled, so that the caller can reach the handled one."""
    for child in ast.iter_child_nodes(node):
        inside, handles = cleaned, handling
        match child:
            case ast.FunctionDef():
                # A generator runs after its decorator is done.
                runs_later = any(isinstance(part, ast.Yield | ast.YieldFrom) for part in ast.walk(child))
                decorators = {ast.unparse(decorator) for decorator in child.decorator_list}
                inside, handles = not runs_later and "without_context" in decorators, False
            case ast.With():
                inside = cleaned or any(ast.unparse(item.context_expr) == "without_context" for item in child.items)
            case ast.ExceptHandler():
                handles = True
            case ast.Raise(exc=ast.expr() as raised) if handles and not inside:
                name = raised.func if isinstance(raised, ast.Call) else raised
                if ast.unparse(name).rpartition(".")[2] not in _REPLACED_LATER:
                    yield child.lineno
        yield from _keeping_context(child, cleaned=inside, handling=handles)


def test_an_error_does_not_keep_the_exception_that_it_replaces() -> None:
    found = [f"{path.name}:{line}" for path in modules() for line in _keeping_context(parsed(path))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f():\n try: g()\n except ValueError:\n  raise Ours() from None", [4]),
        ("@without_context\ndef f():\n try: g()\n except ValueError:\n  raise Ours() from None", []),
        ("@without_context\ndef f():\n try: yield\n except ValueError:\n  raise Ours() from None", [5]),
        ("def f():\n with without_context:\n  try: yield\n  except ValueError:\n   raise Ours()", []),
        ("try: g()\nexcept ValueError:\n raise", []),
    ],
)
def test_the_check_finds_an_error_that_keeps_an_exception(source: str, lines: list[int]) -> None:
    assert list(_keeping_context(ast.parse(source))) == lines


def test_no_code_uses_eval_or_a_shell() -> None:
    assert len(SOURCES) > 100
    forbidden = {*FORBIDDEN, "shell="}
    assert {f"{path.name}: {call}" for path in SOURCES for call in _calls(parsed(path)) if call in forbidden} == set()


@pytest.mark.parametrize("source", ["eval('1')", "import os\nos.system('x')", "run('x', shell=True)"])
def test_the_check_finds_eval_and_shell(source: str) -> None:
    assert {*FORBIDDEN, "shell="} & set(_calls(ast.parse(source)))


def test_each_exception_from_a_check_of_security_has_its_reason() -> None:
    assert [f"{path.name}: {line.strip()}" for path in SOURCES for line in _unreasoned(path.read_text())] == []
    assert _unreasoned("x = 1  # noqa: S608\ny = 2  # nosec B608\nz = 3  # noqa: S608  # nosec B608") != []
    assert _unreasoned("x = 1  # noqa: S608  # nosec B608  # all quoted") == []


def test_the_security_checks_are_on() -> None:
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S")] == []
    eased = {path for path, rules in lint["per-file-ignores"].items() if {rule[:2] for rule in rules} & {"S1", "S6"}}
    assert {path.split("/")[0] for path in eased} == {"tests", "benchmarks"}
    assert PROJECT["tool"]["bandit"] == {"skips": ["B101", "B105", "B311", "B608"]}
    assert "bandit -q -c pyproject.toml -r webautodash migrations" in (ROOT / "Makefile").read_text()


def test_an_upper_bound_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    bound = [line for line in lines if re.match(r'\s*"[A-Za-z0-9_.\[\]-]+>=[^"]*<', line)]
    assert len(bound) >= 2
    assert [line for line in bound if "# (" not in line] == []
    wanted = [line for line in lines if re.match(r'\s*"[A-Za-z0-9_.\[\],-]+(>=|")[^"]*', line) and ">=" in line]
    assert [line for line in wanted if "#" not in line] == []
