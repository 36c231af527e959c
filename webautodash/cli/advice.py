"""Advice: the command that fixes an error, by its kind, or a finding of ``doctor``, by its code.

The command lines that a user may type are written in cli/ only.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from webautodash.domain.alerts import DigestState
from webautodash.domain.set_aside_reasons import ACCEPTED_WITH
from webautodash.domain.wording import shell_word
from webautodash.errors import Remedy, WebAutoDashError

if TYPE_CHECKING:
    from webautodash.client.doctor import Finding
    from webautodash.client.fleet import DatabaseRevision
    from webautodash.client.ingest import FileOutcome
    from webautodash.client.reports import Unreadable

Fields = Mapping[str, Any]
"""The parts of an error or of a problem, by name; any of them may be missing."""
Advice = str | Callable[[Fields], str | None]
"""A text in which a field in braces stands for its value, quoted for a shell; or a function that makes the text."""


def command(words: str, *values: str | PurePath) -> str:
    """A command line to copy: ``webautodash``, fixed words, and values, each quoted as one word of the shell."""
    # After `--` no value is read as an option.
    end_of_options = ["--"] if any(str(value).startswith("-") for value in values) else []
    return " ".join([f"webautodash {words}", *end_of_options, *map(shell_word, values)])


def explain(error: WebAutoDashError) -> str:
    """An error's text, followed by the advice for it."""
    return with_advice(str(error), error.kind, vars(error))


def explain_unreadable(problem: "Unreadable") -> str:
    """Why a provider's database could not be read, followed by the advice."""
    fields = {"database": problem.database_name, "name": problem.name, "remedy": problem.remedy}
    return with_advice(problem.problem, problem.kind, fields)


def explain_file(outcome: "FileOutcome") -> str:
    """State, path, reason and kind of a file that is not stored whole, followed by the advice."""
    kind = f" [{outcome.kind}]" if outcome.kind is not None else ""
    fields = {"name": outcome.provider_name, **outcome.fields, "path": outcome.path}
    text = with_advice(f"{outcome.state}: {outcome.path}: {outcome.reason}{kind}", outcome.kind, fields)
    if outcome.state == "partial" and outcome.provider is not None:
        text += f"; to see them: {command('set-aside list', outcome.provider)}"
    if outcome.state == "held" and outcome.kind == "connection_lost":
        text += f"; {_READ_AGAIN}"
    return text


def explain_revision(found: "DatabaseRevision") -> str:
    """Why a database is not at this version's revision, followed by the advice."""
    return explain(found.cause) if found.cause else f"{found.database} is {found.state}; run: webautodash migrate up"


def resume_advice(run: int) -> str:
    """How to finish a run of migrations."""
    return f"once the cause is fixed: webautodash migrate resume {run}"


def set_aside_advice(kind: str | None) -> str:
    """How a patient that is set aside can be stored."""
    if kind in ACCEPTED_WITH:
        return "if the file is right: webautodash set-aside accept"
    return "to store a corrected record: --with FILE"


def digest_advice(state: DigestState) -> str:
    """What happens to a digest that was not delivered."""
    return "given up; to send it again: webautodash alert retry" if state is DigestState.FAILED else "retried later"


def unknown_password_advice(account: str) -> str:
    """How to replace a password that nobody has. ``account`` is what ``provider grant`` takes for it."""
    return f"to set a new one: webautodash provider grant --rotate {account}"


def verify_advice(wrong: Collection[str]) -> Iterator[str]:
    """What to do about the kinds of wrong rows that a command can correct."""
    if "incomplete" in wrong:
        yield "to set aside extractions that failed: webautodash set-aside review-stored --help"


def with_advice(message: str, kind: str | None, fields: Fields) -> str:
    """A message, followed by the advice for a kind of error."""
    advice = advice_for(kind, fields)
    return message if advice is None else f"{message}; {advice}"


def advice_for(kind: str | None, fields: Fields) -> str | None:
    """The advice for a kind of error; placeholders such as NAME stand for missing fields. None if there is none."""
    return _text_of(_ON_ERRORS.get(kind or ""), fields)


def advice_on(finding: "Finding") -> str | None:
    """What to do about a finding of ``doctor``; None where nothing is to do, or no command does it."""
    if finding.cure is not None or finding.severity == "ok":
        return finding.cure
    fields = {"database": finding.subject, "name": finding.fields.get("provider"), **finding.fields}
    if finding.code == "monitor.lost" and not finding.is_problem:
        # With another monitor running it is only good to know.
        return "webautodash log --component monitor"
    if (advice := _text_of(_ON_FINDINGS.get(finding.code), fields)) is not None:
        return advice
    return advice_for(finding.fields.get("kind"), fields) or _ON_OTHER_FINDINGS.get(finding.code)


def _text_of(advice: Advice | None, fields: Fields) -> str | None:
    return advice(fields) if callable(advice) else advice and _FIELD.sub(lambda match: _word(fields, match[1]), advice)


def _word(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not value:
        return _PLACEHOLDERS.get(name, name.upper())
    # After `--` it is not read as an option.
    return f"-- {shell_word(value)}" if str(value).startswith("-") else shell_word(value)


def _database_error(fields: Fields) -> str | None:
    return _text_of(_ON_DATABASE_ERRORS.get(fields.get("remedy")), fields)


def _usage_error(fields: Fields) -> str | None:
    return _ON_USAGE_ERRORS.get(fields.get("topic"))


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
    name = fields.get("named") or fields.get("name") or "NAME"
    same = f"if both names are the same provider: {command('provider alias', holder, name)}"
    if "differences" not in fields:
        return same
    return f"{same}; if they are two providers: {command('provider register --distinct', name)}"


def _create(fields: Fields) -> str:
    # Without a provider it is the system database.
    return command("provider register", fields["provider"]) if "provider" in fields else "webautodash setup"


def _grant(fields: Fields) -> str:
    # The account is a slug or an option.
    return f"webautodash provider grant {fields['account']}"


_FIELD = re.compile(r"{(\w+)}")
_PLACEHOLDERS = {"before": "REV", "place": "PATH"}
_READ_AGAIN = "to have it read again: webautodash file retry"
# The options come first: `--` before a path that begins with `-` ends them.
_ACCEPT = (
    "if the file is right: webautodash file accept {}--by NAME --why TEXT {{path}}; "
    "else: webautodash file retry or webautodash file forget"
)
_SET_TIME = "webautodash session set-time --by NAME --why TEXT {database} {session} TIME"
_ON_DATABASE_ERRORS: Mapping[Any, str] = {
    Remedy.GRANT: "where each provider has its own account: webautodash provider grant --all",
    Remedy.CREATE_TABLES: "to see whether to set up or to migrate: webautodash doctor",
    Remedy.RECREATE_FILE: "if the path is not a sound database file: move it out of the folder, with its -wal and "
    "-shm, and keep it; then restore a backup, or recreate it: webautodash provider register {name} (for the system "
    "database: webautodash setup), then webautodash ingest",
    Remedy.VERIFY: "to check the rows of every provider: webautodash verify",
}
_ON_USAGE_ERRORS: Mapping[Any, str] = {
    "accounts": "name providers, or pass --system, --migrations or --all",
    "folder_in_another_root": "if another machine has a different folder at this path, pass --same-path and set "
    "WEBAUTODASH_RESULTS_ROOT on each machine",
    "provider_name": "pass --name with the name of the provider",
    "root_with_several_folders": "pass --from with the folder that was moved",
    "signature": "pass --by and --why",
}
_ON_ERRORS: dict[str, Advice] = {
    "account_missing": "run: webautodash provider grant --all",
    "account_refused": "to renew the password: webautodash provider grant --rotate PROVIDER (or --system, "
    "--migrations); --host sets the host that it may connect from",
    "ambiguous_root": "to remove it from a root: webautodash root remove NAME {folder}",
    "being_migrated": "to see whether a migration is running: webautodash migrate history; to finish an interrupted "
    "one: webautodash migrate up",
    "breaking_revisions": "once every machine runs this version: webautodash migrate up --contract; up to the revision "
    "before: webautodash migrate up --to {before}",
    "damaged_rows": "once these rows are correct: webautodash provider adopt {database}",
    "database_empty": "to create its tables empty: webautodash provider register {name}; then: webautodash ingest",
    "database_error": _database_error,
    "database_missing": "to create it empty: webautodash provider register {name}; then: webautodash ingest",
    "file_not_watched": "run: webautodash ingest {place}",
    "future_time": _ACCEPT.format("--extracted-at TIME "),
    "killed_reader": _READ_AGAIN,
    "made_by_earlier_scripts": "to adopt it: webautodash provider adopt {database}",
    "migration_failed": "to compare its tables with the revision: webautodash migrate check",
    "not_adoptable": _usage_error,
    "not_at_head": "run: webautodash migrate up",
    "not_resumable": "to begin it again: webautodash migrate down",
    "not_set_up": "run: webautodash setup",
    "provider_name_taken": _same_provider,
    "root_in_use": "if the folder has moved: webautodash root move {name} FOLDER",
    "stored_elsewhere": _ACCEPT.format(""),
    "suspicious": _ACCEPT.format(""),
    "unknown_file": "to see all files: webautodash file list --all",
    "unknown_migration_run": "to see the runs: webautodash migrate history",
    "unknown_provider": lambda fields: (
        None if fields.get("nearest") else "to see the registered providers: webautodash provider list"
    ),
    "unknown_results_folder": _results_folder,
    "unknown_root": "to see the roots: webautodash root list",
    "unregistered_provider": "to create its database: webautodash provider register {name}",
    "usage_error": _usage_error,
    "untrusted_database_file": "for details: webautodash doctor",
    "would_lose_rows": "to accept the loss: --accept-loss",
    # Only where the database does not say whose it is.
    "wrong_database": lambda fields: (
        _text_of("if it is the provider's: webautodash provider register {name}", fields)
        if fields.get("found", "") is None
        else None
    ),
    "wrong_folder": _same_provider,
}
_ON_FINDINGS: dict[str, Advice] = {
    "backup.aliases": "webautodash provider alias {slug} {alias}",
    "backup.lost_reviews": "restore a newer backup, or decide again: webautodash conflict list, webautodash session "
    "list, webautodash set-aside list",
    "backup.missing_nowhere": "restore a newer backup, or put the files into Results; else webautodash file forget",
    "backup.missing_results": "webautodash ingest",
    "backup.missing_unknown": "see why the folder does not answer, then webautodash doctor",
    "backup.unrecorded": "webautodash alert send, which records them",
    "database.ahead": "pip install --upgrade webautodash",
    "database.behind": "webautodash migrate up",
    "database.empty": _create,
    "database.interrupted": "webautodash migrate up",
    "database.missing": _create,
    "database.unclaimed": _create,
    "database.unadopted": "webautodash provider adopt {database}",
    "database.unregistered": "webautodash provider register NAME",
    "isolation.account_missing": _grant,
    "isolation.account_refused": lambda fields: f"webautodash provider grant --rotate {fields['account']}",
    "isolation.rights": _grant,
    "isolation.rights_missing": _grant,
    "isolation.shared_account": "webautodash provider grant --all --into accounts, then "
    "WEBAUTODASH_ACCOUNTS_DIR=accounts, without user and password",
    "monitor.failing": "webautodash status",
    "monitor.lost": "webautodash monitor",
    "monitor.silent": "webautodash monitor",
    "provider.unfinished": _create,
    "secret.missing": "webautodash provider grant --all",
    "session.future_time": _SET_TIME,
    "session.unread_time": _SET_TIME,
    "store.missing": "webautodash setup",
}
# Where the kind of the error has no advice.
_ON_OTHER_FINDINGS = {"database.unreadable": "restore it from a backup"}
