"""What to do about a finding of ``doctor`` that no command of webautodash fixes: system commands, settings, backups."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from webautodash.cli.advice import advice_on
from webautodash.config import ENV_FILE, ENV_PREFIX
from webautodash.domain.wording import shell_word

if TYPE_CHECKING:
    from webautodash.client.doctor import Finding

Cure = str | Callable[["Finding"], str | None]
"""A text with ``{subject}``, ``{path}`` (the subject as a word of a shell) and the fields; or a function."""


def cure_of(finding: "Finding") -> str | None:
    """What to do about a finding: the product's advice, a system command, or a command of webautodash."""
    if finding.cure is not None or finding.severity == "ok":
        return finding.cure
    cure = _CURES.get(finding.code)
    if callable(cure):
        cure = cure(finding)
    elif cure is not None:
        cure = cure.format(subject=finding.subject, path=shell_word(finding.subject), **finding.fields)
    return cure or advice_on(finding)


def _invalid_setting(one: "Finding") -> str:
    if one.subject == ENV_FILE:
        return f"chmod 600 {ENV_FILE}, as its owner; it is UTF-8"
    place = one.fields.get("place")
    advice = f"correct {one.subject} in {place}" if place else f"set {one.subject} in {ENV_FILE} or in the environment"
    return f"{advice}; see the manual, Settings"


def _unknown_setting(one: "Finding") -> str:
    file, nearest = one.fields["file"], one.fields["nearest"]
    advice = f"remove it from {file}" if file else f"unset {shell_word(one.subject)}"
    return f"rename it to {nearest}, or {advice}" if nearest else advice


def _misplaced_prn(one: "Finding") -> str | None:
    return _ON_PRNS.get(one.fields.get("match", ""))


def _without(field: str, cure: str) -> Callable[["Finding"], str | None]:
    """A cure for a finding without this field; with it, a command of webautodash is the cure."""
    return lambda one: None if field in one.fields else cure


_ON_PRNS = {"prn": "remove it, and report where it came from", "number": "check whether it is the PRN"}
_CURES: Mapping[str, Cure] = {
    "backup.older": "restore a newer backup",
    "clock.future": "timedatectl set-ntp true, on the machine whose clock is wrong; nothing waits for these times",
    "clock.skew": "timedatectl set-ntp true, on the machine that is wrong",
    "database.foreign": "restore the right database from its backup",
    "database.identity": "correct {columns} where it was changed, in database_identity or in the table providers",
    "databases.files": "find {path} -type f -exec chmod 600 {{}} +",
    "databases.folder": "chmod 700 {path}",
    "databases.unwritable": "chown -R {user} {path}",
    "disk.databases": f"free space there, or move the folder and set {ENV_PREFIX}DATABASE_URL",
    "disk.results": "free space there: move stored files to an archive",
    "disk.temporary": "free space there, or set TMPDIR to a folder with more space",
    "folder.no_answer": "findmnt shows its mount; restore that, or unmount it",
    "isolation.account_refused": _without("account", "follow the message"),
    "isolation.administrator": "set it only where accounts are granted",
    "isolation.log": _misplaced_prn,
    "isolation.reaches": "revoke the right: SHOW GRANTS shows where it comes from, possibly a role or PUBLIC",
    "isolation.rights": _without("account", "REVOKE it from the account, the role or PUBLIC that SHOW GRANTS names"),
    "isolation.system_database": _misplaced_prn,
    "results.missing": f"mkdir -m 700 {{path}}, or set {ENV_PREFIX}RESULTS_DIR",
    "results.not_folder": f"set {ENV_PREFIX}RESULTS_DIR",
    "results.readable": "chmod o-rwx {path}",
    "results.unreadable": "chmod u+rx {path}, as its owner",
    "results.writable": "chmod o-w {path}",
    "secret.owner": "chown {user} {path}",
    "secret.readable": "chmod {mode} {path}",
    "server.old": "upgrade the server",
    "settings.invalid": _invalid_setting,
    "settings.unknown": _unknown_setting,
    "settings.writable": "chmod go-w {path}",
    "store.earlier_scripts": f"{ENV_PREFIX}SYSTEM_DATABASE=webautodash_registry",
    "tls.none": f"{ENV_PREFIX}TLS=verify",
    "tls.off": f"{ENV_PREFIX}TLS=verify, and {ENV_PREFIX}TLS_CA for a certificate authority of your own",
}
