"""Rules of the code that import-linter does not check: imports, names, command lines, and sizes."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from source_code import PACKAGE, ROOT, in_package, literals, modules, parsed

from webautodash.cli.app import _COMMANDS
from webautodash.database.products.registry import PRODUCTS as REGISTERED

PRODUCTS = PACKAGE / "database/products"
PRODUCT_NAME = re.compile(r"mysql|mariadb|sqlite|innodb", re.IGNORECASE)
# What a user reads or types: the default URL and examples of URLs.
PRODUCTS_NAMED_ELSEWHERE = {"config/settings.py"}
COMMAND_LINE = re.compile(rf"\bwebautodash ({'|'.join(_COMMANDS)})\b")
SYSTEM_COMMAND = re.compile(r"\b(chmod|chown|mkdir|findmnt|timedatectl|pip install)\b")
OPTION = re.compile(r"(?<![\w-])--[a-z]")
# The mail of alerts is a page for a person as well; the accounts that no provider has are asked for by an option.
ELSEWHERE = {"services/alerts/message.py", "services/registry/accounts.py"}
# Verbs that several modules have, which are called with the name of the module: `conflicts.search`, `mail.send`.
VERBS = {"search", "send", "show"}
# The monitor repeats the steps of an ingest, and `setup` asks only about files that are not known.
PAST_THE_FACE = {("monitor", "ingest"), ("setup", "ingest")}
MOST_LINES = 350
MOST_PARAMETERS = 6


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


def test_migrations_import_nothing_of_the_application() -> None:
    revisions = sorted((ROOT / "migrations").glob("*/versions/*.py"))
    assert len(revisions) > 20
    for path in revisions:
        assert {name.split(".")[0] for name in _imports(path)} - sys.stdlib_module_names <= {"sqlalchemy", "alembic"}, (
            path.name
        )
    for path in (ROOT / "migrations").glob("*.py"):
        assert "webautodash" not in {name.split(".")[0] for name in _imports(path)}, path.name


def test_a_database_product_is_named_in_its_folder_and_nowhere_else() -> None:
    folders = {path.parent for path in PRODUCTS.glob("*/product.py")}
    assert len(folders) == 2
    elsewhere = {
        in_package(path)
        for path in modules()
        if folders.isdisjoint(path.parents) and PRODUCT_NAME.search(path.read_text())
    }
    assert elsewhere == PRODUCTS_NAMED_ELSEWHERE


def test_one_product_is_the_server_at_the_host_of_the_settings() -> None:
    assert [product.is_at_db_host for product in REGISTERED].count(True) == 1


def test_a_products_folder_is_imported_by_itself_alone() -> None:
    for path in modules():
        folder = path.relative_to(PRODUCTS).parts[0] if PRODUCTS in path.parents else None
        for name in _imports(path):
            parts = name.removeprefix("webautodash.database.products.").split(".")
            if name.startswith("webautodash.database.products.") and (PRODUCTS / parts[0]).is_dir():
                assert parts[0] == folder, path


def test_a_package_of_services_uses_another_through_its_face() -> None:
    past_the_face = set()
    for path in modules():
        user = in_package(path).removesuffix(".py").split("/")
        for name in _imports(path) if user[0] == "services" else ():
            used = name.removeprefix("webautodash.").split(".")
            if used[0] == "services" and len(used) > 2 and used[1] != user[1]:
                past_the_face.add((user[1], used[1]))
    assert past_the_face == PAST_THE_FACE


def test_only_the_command_line_writes_command_lines_and_options() -> None:
    elsewhere = {
        in_package(path)
        for path in modules("cli/")
        if any(COMMAND_LINE.search(text) or OPTION.search(text) for text in literals(path))
    }
    assert elsewhere == ELSEWHERE


def test_services_write_no_system_commands() -> None:
    services = [path for path in modules() if in_package(path).startswith("services/")]
    assert {in_package(path) for path in services for text in literals(path) if SYSTEM_COMMAND.search(text)} == set()


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement defines."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _repeated(kinds: type | tuple[type, ...], paths: list[Path]) -> set[str]:
    homes = Counter(
        name for path in paths for node in parsed(path).body if isinstance(node, kinds) for name in _names(node)
    )
    return {name for name, number in homes.items() if number > 1 and not name.startswith("_")}


def test_a_public_class_is_defined_in_one_module() -> None:
    assert _repeated(ast.ClassDef, modules()) == set()


# Commands and methods are named by their group; each product implements the same functions.
WITH_OWN_NAMES = modules("cli/", "client/", "database/products/mysql/", "database/products/sqlite/")


def test_a_public_function_is_defined_in_one_module() -> None:
    assert _repeated((ast.FunctionDef, ast.AsyncFunctionDef), WITH_OWN_NAMES) == VERBS


def test_a_public_constant_is_defined_in_one_module() -> None:
    # `T` is the type variable of generic functions.
    assert _repeated((ast.Assign, ast.AnnAssign), WITH_OWN_NAMES) == {"T"}


def test_no_module_is_too_long() -> None:
    assert {in_package(path) for path in modules() if len(path.read_text().splitlines()) > MOST_LINES} == set()


def test_no_function_has_too_many_parameters() -> None:
    # The functions of commands are left out: each of their parameters is an option.
    found = [
        f"{in_package(path)}: {node.name}"
        for path in modules("cli/")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(_parameters(node)) > MOST_PARAMETERS
    ]
    assert found == []


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {argument.arg for argument in every} - {"self", "cls"}
