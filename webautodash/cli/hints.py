"""Error kind to the command that fixes it. The command lines that a user may type are written here and in cli/ only."""

from collections.abc import Callable, Mapping
from typing import Any

from webautodash.errors import WebAutoDashError
from webautodash.errors.commands import command, quoted

Fields = Mapping[str, Any]
"""The parts of an error or of a problem, by name; any of them may be missing."""

_MIGRATE = "run: webautodash migrate up"
_LIST_ROOTS = "to see the roots: webautodash root list"
_RECREATE = (
    "move the file out of the folder, with its -wal and -shm, and keep it; then restore a backup, or recreate it: "
    "webautodash provider register NAME (for the system database: webautodash setup), then webautodash ingest"
)
_BY_DATABASE_CODE = {
    "1142": "where each provider has its own account: webautodash provider grant --all",
    "1146": "to see whether to set up or to migrate: webautodash doctor",
    "SQLITE_CANTOPEN": f"if the path is not a database file: {_RECREATE}",
    "SQLITE_CORRUPT": _RECREATE,
    "SQLITE_NOTADB": _RECREATE,
    "unreadable value": "to check the rows of every provider: webautodash verify",
}


def hint_for(kind: str | None, fields: Fields) -> str | None:
    """The advice for a kind of error with the fields that are known; placeholders such as NAME stand for the others."""
    make = _HINTS.get(kind or "")
    return make(fields) if make is not None else None


def with_hint(message: str, kind: str | None, fields: Fields) -> str:
    """A message followed by the advice for its kind."""
    advice = hint_for(kind, fields)
    return message if advice is None else f"{message}; {advice}"


def explain(error: WebAutoDashError) -> str:
    """An error's text followed by the advice for it."""
    return with_hint(str(error), error.kind, vars(error))


def _fixed(advice: str) -> Callable[[Fields], str]:
    return lambda _: advice


def _register(fields: Fields) -> str:
    return command("provider register", fields.get("name") or "NAME")


def _database_error(fields: Fields) -> str | None:
    code = str(fields.get("code"))
    # SQLITE_CANTOPEN_ISDIR is a kind of SQLITE_CANTOPEN.
    return _BY_DATABASE_CODE.get(code) or _BY_DATABASE_CODE.get("_".join(code.split("_")[:2]))


def _results_folder(fields: Fields) -> str:
    folder, roots = fields["folder"], fields["known"]
    root = fields["wanted"] or next(iter(roots), "default")
    add = "root add --same-path" if fields.get("has_a_root") else "root add"
    return (
        f"if the folder has moved: {command('root move', root, folder)}; "
        f"if it is another path of the same folder, as on another machine: {command(add, root, folder)}; "
        f"if it is a different folder: {command(add, 'NAME', folder)}"
    )


def _provider_alias(fields: Fields) -> str:
    line = command("provider alias", fields.get("holder_slug") or "PROVIDER", fields.get("name") or "NAME")
    return f"if both names are the same provider: {line}"


_HINTS: dict[str, Callable[[Fields], str | None]] = {
    "account_missing": _fixed("run: webautodash provider grant --all"),
    "account_refused": _fixed(
        "to renew the password: webautodash provider grant --rotate PROVIDER (or --system, --migrations); "
        "--host sets the host that it may connect from"
    ),
    "ambiguous_root": lambda fields: (
        f"to remove it from a root: {command('root remove')} NAME {quoted(fields['folder'])}"
    ),
    "being_migrated": _fixed(
        "to see whether a migration is running: webautodash migrate history; "
        "to finish an interrupted one: webautodash migrate up"
    ),
    "database_empty": lambda fields: f"to create its tables empty: {_register(fields)}; then: webautodash ingest",
    "database_error": _database_error,
    "database_missing": lambda fields: f"to create it empty: {_register(fields)}",
    "database_unreachable": _database_error,
    "made_by_earlier_scripts": lambda fields: f"to adopt it: {command('provider adopt', fields['database'])}",
    "not_at_head": _fixed(_MIGRATE),
    "not_set_up": _fixed("run: webautodash setup"),
    "provider_name_taken": _provider_alias,
    "unknown_file": _fixed("to see all files: webautodash file list --all"),
    "unknown_migration_run": _fixed("to see the runs: webautodash migrate history"),
    "unknown_provider": lambda fields: (
        None if fields.get("nearest") else "to see the registered providers: webautodash provider list"
    ),
    "unknown_results_folder": _results_folder,
    "unknown_root": _fixed(_LIST_ROOTS),
    "unregistered_provider": lambda fields: f"to create its database: {_register(fields)}",
    "untrusted_database_file": _fixed("for details: webautodash doctor"),
    "would_lose_rows": _fixed("to accept the loss: --accept-loss"),
    "wrong_database": lambda fields: (
        f"if it is the provider's: {_register(fields)}" if fields.get("found", "") is None else None
    ),
    "wrong_folder": _fixed("if both names are the same provider: webautodash provider alias PROVIDER NAME"),
}
