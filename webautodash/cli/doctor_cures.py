"""Finding of ``doctor`` to what cures it: what the finding says, else the command for its code."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from webautodash.cli.command_lines import command
from webautodash.cli.hints import hint_for

if TYPE_CHECKING:
    from webautodash.client.doctor import Finding


def cure_of(finding: "Finding") -> str | None:
    """What to do about a finding; None where nothing is to do, or no command does it."""
    if finding.cure is not None or finding.severity == "ok":
        return finding.cure
    make = _CURES.get(finding.code, _by_kind)
    return make(finding)


def _fixed(cure: str) -> "Callable[[Finding], str]":
    return lambda _: cure


def _by_kind(finding: "Finding") -> str | None:
    fields = finding.fields
    known = {"database": finding.subject, "name": fields.get("provider"), "remedy": fields.get("remedy")}
    return hint_for(fields.get("kind"), known)


def _unreadable(finding: "Finding") -> str:
    return _by_kind(finding) or "restore it from a backup"


def _create(finding: "Finding") -> str:
    # Without a provider it is the system database.
    provider = finding.fields.get("provider")
    return "webautodash setup" if provider is None else command("provider register", provider)


def _grant(words: str) -> "Callable[[Finding], str]":
    # The account is a slug or an option.
    return lambda finding: f"webautodash {words} {finding.fields['account']}"


def _set_time(finding: "Finding") -> str:
    return f"{command('session set-time', finding.subject, finding.fields['session'])} TIME --by NAME --why TEXT"


_CURES: "dict[str, Callable[[Finding], str | None]]" = {
    "backup.aliases": lambda finding: command("provider alias", finding.fields["slug"], finding.fields["alias"]),
    "backup.lost_reviews": _fixed(
        "restore a newer backup, or decide again: webautodash conflict list, webautodash session list, "
        "webautodash set-aside list"
    ),
    "backup.missing_nowhere": _fixed(
        "restore a newer backup, or put the files into Results; else webautodash file forget"
    ),
    "backup.missing_results": _fixed("webautodash ingest"),
    "backup.missing_unknown": _fixed("see why the folder does not answer, then webautodash doctor"),
    "backup.unrecorded": _fixed("webautodash alert send, which records them"),
    "database.behind": _fixed("webautodash migrate up"),
    "database.empty": _create,
    "database.interrupted": _fixed("webautodash migrate up"),
    "database.missing": _create,
    "database.unclaimed": _create,
    "database.unreadable": _unreadable,
    "database.unregistered": lambda finding: (
        f"webautodash provider register NAME, or {command('provider adopt', finding.subject)}"
    ),
    "isolation.account_missing": _grant("provider grant"),
    "isolation.account_refused": _grant("provider grant --rotate"),
    "isolation.rights": _grant("provider grant"),
    "isolation.rights_missing": _grant("provider grant"),
    "isolation.shared_account": _fixed(
        "webautodash provider grant --all --into accounts, then WEBAUTODASH_ACCOUNTS_DIR=accounts, without user and "
        "password"
    ),
    "monitor.failing": _fixed("webautodash status"),
    # With another monitor running it is only good to know.
    "monitor.lost": lambda finding: (
        "webautodash monitor" if finding.is_problem else "webautodash log --component monitor"
    ),
    "monitor.silent": _fixed("webautodash monitor"),
    "provider.unfinished": _create,
    "secret.missing": _fixed("webautodash provider grant --all"),
    "session.future_time": _set_time,
    "session.unread_time": _set_time,
    "store.missing": _fixed("webautodash setup"),
}
