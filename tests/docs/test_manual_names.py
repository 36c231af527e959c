"""Commands, settings, kinds and links in the manual exist."""

import ast
import re
import shlex

from manual import PAGES, ROOT, anchors, blocks, prose
from shell import options_of, parse_command
from source_code import modules, parsed

from webautodash import errors
from webautodash.config import Settings


def test_every_command_in_a_console_block_exists() -> None:
    for page in PAGES:
        for line in "".join(blocks(page, "console")).splitlines():
            if line.startswith("$ webautodash "):
                words = shlex.split(line.partition(" | ")[0], comments=True)[2:]
                # Without the option that would silence the log of this process.
                command, arguments = parse_command([word for word in words if word != "--quiet"])
                command.make_context("webautodash", arguments)


def test_every_command_in_the_text_exists() -> None:
    for page in PAGES:
        for line in re.findall(r"`webautodash ([a-z][^`]*)`", " ".join(prose(page).split())):
            words = line.replace("...", "").split()
            if words == ["migrate"]:  # the group as a whole
                continue
            command, arguments = parse_command(words)
            assert {word for word in arguments if word.startswith("--")} <= options_of(command), (page, line)


def test_every_setting_in_the_manual_exists() -> None:
    others = ("WEBAUTODASH_TEST_", "WEBAUTODASH_RESULT_DIR")  # of the tests; shown as a mistake
    settings = {f"WEBAUTODASH_{name.upper()}" for name in Settings.model_fields}
    for page in PAGES:
        names = re.findall(r"\bWEBAUTODASH_[A-Z_]*[A-Z]\b(?!_)", page.read_text(encoding="utf-8"))
        assert {name for name in names if not name.startswith(others)} <= settings, page


def test_every_link_has_a_target() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            assert target.startswith("https://") or path.exists(), (page, target)
            assert not anchor or anchor in anchors(path), (page, target)


def test_every_page_that_the_program_or_its_units_name_exists() -> None:
    files = [*(ROOT / "webautodash").rglob("*.py"), *(ROOT / "deploy").iterdir()]
    named = {name for file in files for name in re.findall(r"docs/[\w/-]+\.md", file.read_text(encoding="utf-8"))}
    assert "docs/how-to/service.md" in named
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert not [file for file in files if "README" in file.read_text(encoding="utf-8")], "name a page of the manual"


def _codes(*calls: str) -> set[str]:
    """The kinds that the code gives to what is wrong with a file or patient: constants in calls of these names."""
    found = set()
    for path in modules():
        for call in ast.walk(parsed(path)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in calls:
                values = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "kind")]
                found |= {value.value for value in values if isinstance(value, ast.Constant)}
    return {code for code in found if isinstance(code, str)}


def test_every_kind_of_a_file_and_reason_of_a_patient_is_described() -> None:
    described = set(re.findall(r"`(\w+)`", (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")))
    assert {"duplicate_key", "no_prn"} <= (codes := _codes("MalformedDocument", "UnreadablePatient", "Fault"))
    assert codes <= described


def test_every_kind_in_troubleshooting_exists() -> None:
    page = (ROOT / "docs/how-to/troubleshooting.md").read_text(encoding="utf-8")
    first = re.findall(r"^\| ([^|]*) \|", page, re.MULTILINE)
    kinds = {kind for cell in first for kind in re.findall(r"`([a-z]\w+)`", cell)}
    raised = [error for error in vars(errors).values() if isinstance(error, type) and issubclass(error, BaseException)]
    own = {error.own_kind() for error in raised}
    files = set(re.findall(r"`(\w+)`", (ROOT / "docs/reference/files.md").read_text(encoding="utf-8")))
    monitor = set(re.findall(r"`(\w+)`", (ROOT / "docs/how-to/monitor.md").read_text(encoding="utf-8")))
    assert "not_set_up" in kinds
    assert kinds <= own | files | monitor


def test_each_test_and_module_in_the_list_of_mutants_exists() -> None:
    page = (ROOT / "tests/MUTANTS.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    tests = {name for source in sources for name in re.findall(r"^def (test_\w+)", source, re.MULTILINE)}
    assert set(re.findall(r"`(test_\w+)`", page)) - tests == set()
    paths = set(re.findall(r"`([\w/]+\.py)`", page))
    assert {
        path for path in paths if not (ROOT / path).exists() and not (ROOT / "webautodash" / path).exists()
    } == set()
