"""Error kind to the command that fixes it. The command lines that a user may type are written in cli/ only."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from webautodash.cli.command_lines import command
from webautodash.domain.alerts import DigestState
from webautodash.domain.set_aside_reasons import ACCEPTED_WITH
from webautodash.errors import Remedy, WebAutoDashError

if TYPE_CHECKING:
    from webautodash.client.fleet import DatabaseRevision, DriftReport, MigrationResult
    from webautodash.client.ingest import FileOutcome
    from webautodash.client.reports import Unreadable

Fields = Mapping[str, Any]
"""The parts of an error or of a problem, by name; any of them may be missing."""


def explain(error: WebAutoDashError) -> str:
    """An error's text, followed by the advice for it."""
    return _with_hint(str(error), error.kind, vars(error))


def explain_unreadable(problem: "Unreadable") -> str:
    """Why a provider's database could not be read, followed by the advice."""
    fields = {"database": problem.database_name, "name": problem.name, "remedy": problem.remedy}
    return _with_hint(problem.problem, problem.kind, fields)


def explain_file(outcome: "FileOutcome") -> str:
    """State, path, reason and kind of a file that is not stored whole, followed by the advice."""
    kind = f" [{outcome.kind}]" if outcome.kind is not None else ""
    fields = {"name": outcome.provider_name, **outcome.fields, "path": outcome.path}
    text = _with_hint(f"{outcome.state}: {outcome.path}: {outcome.reason}{kind}", outcome.kind, fields)
    if outcome.state == "partial" and outcome.provider is not None:
        text += f"; to see them: {command('set-aside list', outcome.provider)}"
    if outcome.state == "held" and outcome.kind == "connection_lost":
        text += f"; {_READ_AGAIN}"
    return text


def explain_revision(found: "DatabaseRevision") -> str:
    """Why a database is not at this version's revision, followed by the advice."""
    if found.error is not None:
        return _with_hint(found.error, found.error_kind, {"database": found.database})
    return f"{found.database} is {found.state}; run: webautodash migrate up"


def explain_drift(report: "DriftReport") -> str:
    """Why the tables of a database could not be compared, followed by the advice."""
    return f"{report.database}: {_with_hint(report.error or '', report.error_kind, {'database': report.database})}"


def explain_migration(result: "MigrationResult") -> str:
    """Why a migration failed, followed by the advice."""
    return _with_hint(result.error or "", result.error_kind, {"database": result.database})


def resume_hint(run: int) -> str:
    """How to finish a run of migrations."""
    return f"once the cause is fixed: webautodash migrate resume {run}"


def set_aside_hint(kind: str | None) -> str:
    """How a patient that is set aside can be stored."""
    if kind in ACCEPTED_WITH:
        return "if the file is right: webautodash set-aside accept"
    return "to store a corrected record: --with FILE"


def digest_hint(state: DigestState) -> str:
    """What happens to a digest that was not delivered."""
    return "given up; to send it again: webautodash alert retry" if state is DigestState.FAILED else "retried later"


def unknown_password_hint(account: str) -> str:
    """How to replace a password that nobody has. ``account`` is what ``provider grant`` takes for it."""
    return f"to set a new one: webautodash provider grant --rotate {account}"


def verify_hints(wrong: Collection[str]) -> Iterator[str]:
    """What to do about the kinds of wrong rows that a command can correct."""
    if "incomplete" in wrong:
        yield "to set aside extractions that failed: webautodash set-aside review-stored --help"


def hint_for(kind: str | None, fields: Fields) -> str | None:
    """The advice for a kind of error; placeholders such as NAME stand for missing fields. None if there is none."""
    make = _HINTS.get(kind or "")
    return make(fields) if make is not None else None


def _with_hint(message: str, kind: str | None, fields: Fields) -> str:
    advice = hint_for(kind, fields)
    return message if advice is None else f"{message}; {advice}"


def _fixed(advice: str) -> Callable[[Fields], str]:
    return lambda _: advice


def _register(fields: Fields) -> str:
    return command("provider register", fields.get("name") or "NAME")


def _database_error(fields: Fields) -> str | None:
    match fields.get("remedy"):
        case Remedy.GRANT:
            return "where each provider has its own account: webautodash provider grant --all"
        case Remedy.CREATE_TABLES:
            return "to see whether to set up or to migrate: webautodash doctor"
        case Remedy.RECREATE_FILE:
            return (
                "if the path is not a sound database file: move it out of the folder, with its -wal and -shm, and keep "
                f"it; then restore a backup, or recreate it: {_register(fields)} (for the system database: webautodash "
                "setup), then webautodash ingest"
            )
        case Remedy.VERIFY:
            return "to check the rows of every provider: webautodash verify"
        case _:
            return None


def _results_folder(fields: Fields) -> str:
    folder = fields.get("folder") or "FOLDER"
    root = fields.get("wanted") or next(iter(fields.get("known") or ()), "default")
    add = "root add --same-path" if fields.get("has_a_root") else "root add"
    return (
        f"if the folder has moved: {command('root move', root, folder)}; "
        f"if it is another path of the same folder, as on another machine: {command(add, root, folder)}; "
        f"if it is a different folder: {command(add, 'NAME', folder)}"
    )


def _same_provider(fields: Fields) -> str:
    holder = fields.get("holder_slug") or fields.get("folder") or "PROVIDER"
    line = command("provider alias", holder, fields.get("named") or fields.get("name") or "NAME")
    return f"if both names are the same provider: {line}"


def _accept_file(options: str) -> Callable[[Fields], str]:
    def advice(fields: Fields) -> str:
        line = f"{command('file accept', fields.get('path') or 'PATH')}{options} --by NAME --why TEXT"
        return f"if the file is right: {line}; else: webautodash file retry or webautodash file forget"

    return advice


_READ_AGAIN = "to have it read again: webautodash file retry"
_HINTS: dict[str, Callable[[Fields], str | None]] = {
    "account_missing": _fixed("run: webautodash provider grant --all"),
    "account_refused": _fixed(
        "to renew the password: webautodash provider grant --rotate PROVIDER (or --system, --migrations); "
        "--host sets the host that it may connect from"
    ),
    "ambiguous_root": lambda fields: (
        f"to remove it from a root: {command('root remove', 'NAME', fields.get('folder') or 'FOLDER')}"
    ),
    "being_migrated": _fixed(
        "to see whether a migration is running: webautodash migrate history; "
        "to finish an interrupted one: webautodash migrate up"
    ),
    "breaking_revisions": lambda fields: (
        f"once every machine runs this version: webautodash migrate up --contract; "
        f"up to the revision before: webautodash migrate up --to {fields.get('before') or 'REV'}"
    ),
    "database_empty": lambda fields: f"to create its tables empty: {_register(fields)}; then: webautodash ingest",
    "database_error": _database_error,
    "database_missing": lambda fields: f"to create it empty: {_register(fields)}",
    "file_not_watched": lambda fields: f"run: {command('ingest', fields.get('place') or 'PATH')}",
    "future_time": _accept_file(" --extracted-at TIME"),
    "killed_reader": _fixed(_READ_AGAIN),
    "made_by_earlier_scripts": lambda fields: (
        f"to adopt it: {command('provider adopt', fields.get('database') or 'DATABASE')}"
    ),
    "migration_failed": _fixed("to compare its tables with the revision: webautodash migrate check"),
    "not_resumable": _fixed("to begin it again: webautodash migrate down"),
    "not_at_head": _fixed("run: webautodash migrate up"),
    "not_set_up": _fixed("run: webautodash setup"),
    "provider_name_taken": _same_provider,
    "root_in_use": lambda fields: (
        f"if the folder has moved: {command('root move', fields.get('name') or 'NAME', 'FOLDER')}"
    ),
    "stored_elsewhere": _accept_file(""),
    "unknown_file": _fixed("to see all files: webautodash file list --all"),
    "unknown_migration_run": _fixed("to see the runs: webautodash migrate history"),
    "unknown_provider": lambda fields: (
        None if fields.get("nearest") else "to see the registered providers: webautodash provider list"
    ),
    "unknown_results_folder": _results_folder,
    "unknown_root": _fixed("to see the roots: webautodash root list"),
    "unregistered_provider": lambda fields: f"to create its database: {_register(fields)}",
    "untrusted_database_file": _fixed("for details: webautodash doctor"),
    "would_lose_rows": _fixed("to accept the loss: --accept-loss"),
    # Only where the database does not say whose it is.
    "wrong_database": lambda fields: (
        f"if it is the provider's: {_register(fields)}" if fields.get("found", "") is None else None
    ),
    "wrong_folder": _same_provider,
}
