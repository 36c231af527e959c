"""Write the reference pages that follow from the code: ``python docs/generate.py``; with ``--check`` compare only."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import is_dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, get_args

import typer
from annotated_types import Ge, Le
from api_classes import reached
from markup import attribute_docs, cell, code, first_paragraph, page, prose, table, title_of
from pydantic import ByteSize, SecretStr
from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.dialects import mysql

from webautodash import WebAutoDash, errors, to_json
from webautodash.cli.app import app
from webautodash.cli.hints import hint_for
from webautodash.config import Settings
from webautodash.config.alerts import AlertSettings
from webautodash.domain import alerts, dates, vocabulary
from webautodash.domain.extraction.clinical_lists import LISTS, OTHER_RECORDS
from webautodash.domain.extraction.list_definition import ClinicalList
from webautodash.errors import TransientError, WebAutoDashError
from webautodash.models import ProviderBase, SystemBase

PAGES = Path(__file__).parent / "reference"
_COMMAND = re.compile(r"webautodash [a-z-]+(?: (?!or )[^;,()\s]+)*")
_PLACEHOLDERS = MappingProxyType[str, Any](
    {"folder": "FOLDER", "database": "DATABASE", "wanted": "NAME", "known": {}, "found": None}
)


def command_line() -> str:
    """Every command with its options, from Typer."""
    root: Any = typer.main.get_command(app)
    context = typer.Context(root, info_name="webautodash")
    groups = {name: root.resolve_command(context, [name])[1] for name in root.list_commands(context)}
    lines = [
        "# Command line",
        prose(root.help),
        prose(root.epilog),
        "These options may stand before or after any command:",
        *_parameters(context, root.params),
    ]
    shared = {parameter.name for parameter in root.params}
    for name, group in groups.items():
        lines += [f"## webautodash {name}", *_command(group, f"webautodash {name}", shared)]
        for verb, command in getattr(group, "commands", {}).items():
            lines += [f"### webautodash {name} {verb}", *_command(command, f"webautodash {name} {verb}", shared)]
    return page(lines)


def _command(command: Any, words: str, shared: set[str]) -> Iterator[str]:
    context = typer.Context(command, info_name=words)
    yield prose(command.help)
    if getattr(command, "invoke_without_command", True):
        own = [parameter for parameter in command.params if parameter.name not in shared]
        yield f"```text\n{' '.join([words, *command.collect_usage_pieces(context)])}\n```"
        yield from _parameters(context, own)
    if command.epilog:
        title, _, examples = command.epilog.partition(": ")
        yield f"{title}:\n\n```console\n" + "\n".join(f"$ {one}" for one in examples.split("; ")) + "\n```"


def _parameters(context: typer.Context, parameters: Iterable[Any]) -> Iterator[str]:
    records = (parameter.get_help_record(context) for parameter in parameters if parameter.name != "help")
    rows = [(code(name), cell(text.replace("  [", " ["))) for name, text in filter(None, records)]
    if rows:
        yield table(("parameter", "meaning"), rows)


def settings() -> str:
    """Every setting: name, default, allowed values and meaning."""
    main = [name for name in Settings.model_fields if name not in AlertSettings.model_fields]
    return page(
        [
            "# Settings",
            "Settings come from environment variables, or from the file `webautodash.env` in the working folder. The "
            "environment wins. An empty value (`KEY=`) counts as not set. A setting that has no effect by itself, as "
            "a password without a server, is refused with exit status 2. `webautodash config show` lists the "
            "effective settings and where each one comes from, without secrets.",
            "## Databases, files and time limits",
            table(("setting", "meaning", "default", "allowed"), map(_setting, main)),
            "## Alerts",
            table(("setting", "meaning", "default", "allowed"), map(_setting, AlertSettings.model_fields)),
        ]
    )


def _setting(name: str) -> tuple[str, str, str, str]:
    field = Settings.model_fields[name]
    documented = attribute_docs(AlertSettings) | attribute_docs(Settings)
    return code(f"WEBAUTODASH_{name.upper()}"), cell(documented[name]), _default(field.default), _allowed(field)


def _default(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return code(str(value).lower())
        case ByteSize():
            return code(value.human_readable())
    return code(value)


def _allowed(field: Any) -> str:
    types = [one for one in get_args(field.annotation) or (field.annotation,) if one is not type(None)]
    for one in types:
        if isinstance(one, type) and issubclass(one, StrEnum):
            return ", ".join(map(code, one))
        if one is SecretStr:
            return "secret"
        if one is bool:
            return "`true`, `false`"
    least = next((each.ge for each in field.metadata if isinstance(each, Ge)), None)
    most = next((each.le for each in field.metadata if isinstance(each, Le)), None)
    pattern = next((each.pattern for each in field.metadata if hasattr(each, "pattern")), None)
    if pattern is not None:
        return code(pattern)
    if least is None:
        return ""
    return f"from {least:,}" + ("" if most is None else f" to {most:,}")


def error_kinds() -> str:
    """Every error by its module: kind, retry, exit status, meaning."""
    lines = [
        "# Errors",
        "Every error has a `kind`, which stays the same from version to version. `--json`, the log and the file list "
        "give it; messages may change. A *transient* error may succeed when the call is repeated. A *terminal* error "
        "fails again until something is changed. Words in capitals, such as NAME, are placeholders. More about what to "
        "do is in [Troubleshoot](../how-to/troubleshooting.md). The kinds of faults inside a file are in "
        "[Extraction files](files.md#rejected-files).",
    ]
    modules: dict[str, list[type[WebAutoDashError]]] = {}
    for error in _subclasses(WebAutoDashError):
        modules.setdefault(error.__module__, []).append(error)
    for module in sorted(modules, key=lambda name: (name != errors.base.__name__, name)):
        lines += [f"## {title_of(module.rpartition('.')[2])}", first_paragraph(sys.modules[module].__doc__)]
        for error in sorted(modules[module], key=lambda error: error.own_kind()):
            lines += _error(error)
    return page(lines)


def _error(error: type[WebAutoDashError]) -> Iterator[str]:
    kind = error.own_kind()
    yield f"### {kind}"
    yield first_paragraph(error.__doc__)
    if "kind" in vars(error):
        yield "An instance has its own kind, which names the fault: [Extraction files](files.md#rejected-files)."
    if advice := hint_for(kind, _PLACEHOLDERS):
        commands = _COMMAND.sub(r"`\g<0>`", advice)
        yield f"What to do: {commands}."
    retry = "transient" if issubclass(error, TransientError) else "terminal"
    yield f"{code(error.__name__)}, {retry}, exit status {error.exit_status}"


def _subclasses(kind: type[WebAutoDashError]) -> Iterator[type[WebAutoDashError]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith("webautodash.errors"):
            yield subclass
            yield from _subclasses(subclass)


def words() -> str:
    """Every closed list of words that the databases hold and the command line takes."""
    lines = ["# Vocabulary", "The closed lists of values in tables, JSON, options and settings."]
    own = [
        kind for module in (vocabulary, alerts, dates) for kind in vars(module).values() if _is_list_of(kind, module)
    ]
    others = [kind for kind in reached(WebAutoDash) if issubclass(kind, StrEnum) and kind not in own]
    titles = [title_of(kind.__name__) for kind in own]
    for kind in (*own, *others):
        title = title_of(kind.__name__)
        if kind in others and title in titles:
            title += f" (`{kind.__module__.removeprefix('webautodash.')}`)"
        documented = attribute_docs(kind)
        rows = [(code(member.value), cell(documented.get(member.name, ""))) for member in kind]
        lines += [f"## {title}", first_paragraph(kind.__doc__), table(("value", "meaning"), rows)]
    return page(lines)


def _is_list_of(kind: object, module: ModuleType) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum) and kind.__module__ == module.__name__


def lists() -> str:
    """The clinical lists: where each is in a file, its fields, and what a change of it gives."""
    lines = [
        "# Clinical lists",
        "The lists of a patient, from their declarations. A list or field is read from the first of its names that has "
        "items or a value. Names joined by + give one text, separated by a space. The names that are not used stay in "
        "`extra`. The rules are in [Extraction files](files.md#the-lists-of-a-patient).",
    ]
    for each in LISTS:
        split = ", ".join(f"{code(key)} (type {code(kind)})" for key, kind in each.split_lists)
        places = filter(None, [code(each.key), split, *map(code, each.bare_names)])
        removal = f"; {each.removal_severity} if an item disappears" if each.removal_severity else ""
        lines += [
            f"## {each.name}",
            "In a file: every other list." if each is OTHER_RECORDS else f"In a file: {'; '.join(places)}.",
            f"A change is a {code(each.conflict_type)} of severity {each.change_severity}{removal}.",
            table(("field", "names"), _fields(each)),
        ]
    return page(lines)


def _fields(each: ClinicalList) -> Iterator[tuple[str, str]]:
    alternatives = dict(each.alternatives)
    strength = (each.strength_field,) if each.strength_field else ()
    yield code(each.text_field), ", ".join(map(code, each.text_keys))
    yield code(each.type_field), ", ".join(map(code, each.type_keys)) or "the name of the list"
    for field in (*strength, *each.prose_fields, *each.short_fields, *each.date_fields):
        yield code(field), ", ".join(" + ".join(map(code, keys)) for keys in ((field,), *alternatives.get(field, ())))
    if each.code_field:
        others = ", ".join(map(code, each.code_keys))
        yield code(each.code_field), f"the ICD-10 codes in brackets in the text, otherwise {others}"


def tables() -> str:
    """Every table with its columns, keys and indexes, from the models."""
    lines = [
        "# Tables",
        "One system database for each installation, one database for each provider. Types are those of MySQL and "
        "MariaDB; SQLite has the corresponding ones. Every table is InnoDB with `utf8mb4` on the servers.",
    ]
    for title, base in (("System database", SystemBase), ("Provider's database", ProviderBase)):
        lines += [f"## {title}", first_paragraph(base.__doc__)]
        for mapper in sorted(base.registry.mappers, key=lambda each: str(each.local_table)):
            lines += _table_of(mapper.class_)
    return page(lines)


def _table_of(model: Any) -> Iterator[str]:
    columns: Table = model.__table__
    documented: dict[str, str] = {}
    for parent in reversed(model.__mro__):
        if parent.__module__.startswith("webautodash.models"):
            documented |= attribute_docs(parent)
    yield f"### {columns.name}"
    yield prose(model.__doc__)
    yield table(("column", "meaning", "type", "null", "key"), [_column(each, documented) for each in columns.columns])
    indexes = sorted(columns.indexes, key=lambda index: str(index.name))
    if names := [f"{'unique ' * bool(index.unique)}{code(', '.join(index.columns.keys()))}" for index in indexes]:
        yield f"Indexes: {'; '.join(names)}."


def _column(column: Column[Any], documented: dict[str, str]) -> tuple[str, ...]:
    kind = re.sub(r" (CHARACTER SET|COLLATE) \w+", "", column.type.compile(mysql.dialect()))
    keys = [f"→ `{key.target_fullname}`" for key in column.foreign_keys]
    if column.primary_key:
        keys.insert(0, "primary")
    if column.unique:
        keys.insert(0, "unique")
    meaning = documented.get(column.name, "")
    for check in column.table.constraints:
        if isinstance(check, CheckConstraint) and str(check.sqltext).startswith(f"{column.name} IN "):
            allowed = ", ".join(map(code, re.findall(r"'(\w+)'", str(check.sqltext))))
            meaning = f"{meaning} One of {allowed}.".strip()
    return code(column.name), cell(meaning), code(kind), "yes" if column.nullable else "", ", ".join(keys)


def python() -> str:
    """The facade, the groups of its methods, and every class that they take or return; mkdocstrings describes each."""
    classes = reached(WebAutoDash)
    groups = [each for each in classes if each.__module__.startswith("webautodash.client") and not is_dataclass(each)]
    others = [each for each in classes if each not in groups and not issubclass(each, StrEnum | WebAutoDashError)]
    groups.remove(WebAutoDash)
    return page(
        [
            "# Python API",
            "```python\nfrom webautodash import Settings, WebAutoDash, WebAutoDashError, to_json\n```",
            "Importing has no effect but the import. Examples are in [Use it from Python](../how-to/python.md). The "
            "fields of `Settings` are in [Settings](settings.md), all error kinds in [Errors](errors.md), the closed "
            "lists of values in [Vocabulary](vocabulary.md), the tables in [Tables](tables.md).",
            "## Facade",
            *map(_described, (WebAutoDash, to_json)),
            "## Groups of methods",
            *map(_described, groups),
            "## Parameters and results",
            *map(_described, others),
            "## Base of all errors",
            _described(WebAutoDashError),
        ]
    )


def _described(item: Any) -> str:
    return f"::: {item.__module__}.{item.__qualname__}"


GENERATED: dict[str, Callable[[], str]] = {
    "command-line.md": command_line,
    "errors.md": error_kinds,
    "lists.md": lists,
    "python.md": python,
    "settings.md": settings,
    "tables.md": tables,
    "vocabulary.md": words,
}


def stale() -> list[str]:
    """The names of the pages that are not what the code gives."""
    written = {name: PAGES / name for name in GENERATED}
    return [
        name
        for name, path in written.items()
        if not path.exists() or path.read_text(encoding="utf-8") != GENERATED[name]()
    ]


def main() -> None:
    """Write the pages, or say which of them are stale."""
    names = stale()
    if "--check" in sys.argv[1:]:
        if names:
            sys.exit(f"stale pages in docs/reference: {', '.join(names)}; run `make docs` and commit them")
        return
    for name in names:
        (PAGES / name).write_text(GENERATED[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
