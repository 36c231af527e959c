"""Checks of settings: unknown names, and secrets that others can read."""

import os
import stat
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from webautodash.config import ENV_FILE, ENV_PREFIX, Settings, setting_key
from webautodash.config.setting_names import ExplicitSetting, file_holds_secret, find_explicit_settings, secret_files
from webautodash.errors import ConfigurationError
from webautodash.services.doctor.findings import Finding, error, fine, or_fine, warning

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def invalid(wrong: ConfigurationError) -> Finding:
    """A finding for an invalid setting, and where it is set."""
    if wrong.key == ENV_FILE:  # which cannot be read
        return error("settings.invalid", wrong.key, wrong.reason)
    # The environment overrides the file, and comes first.
    places = [
        one.file or "the environment"
        for one in find_explicit_settings(Settings)
        if wrong.key == f"{ENV_PREFIX}{one.setting}"
    ]
    return error("settings.invalid", wrong.key, wrong.reason, place=next(iter(places), ""))


def unknown_settings(settings: Settings) -> list[Finding]:
    """Settings that do not exist: a misspelt name has no effect."""
    del settings
    known = frozenset(field.upper() for field in Settings.model_fields)
    return or_fine(
        (_unknown(one, known) for one in find_explicit_settings(Settings) if one.setting not in known),
        "settings.unknown",
        "settings",
        "every WEBAUTODASH_ variable is a setting",
    )


def secrets(settings: Settings) -> list[Finding]:
    """Passwords that others on this machine can read."""
    found = list(_settings_file())
    for name, path in secret_files(settings).items():
        # A missing file is reported where it is needed.
        if path.exists():
            found += _private(path, f"named by {name}")
    if settings.accounts is not None:
        found += _accounts(settings.accounts.folder)
    return found


def _accounts(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield error("secret.missing", str(folder), f"named by {setting_key('accounts_dir')}, is not a folder")
        return
    for path in (folder, *sorted(folder.iterdir())):
        yield from (one for one in _private(path, "holds passwords of accounts") if one.is_problem)


def _unknown(one: ExplicitSetting, known: frozenset[str]) -> Finding:
    # Compared without the common prefix, which would make all names similar.
    nearest = "".join(f"{ENV_PREFIX}{name}" for name in get_close_matches(one.setting, sorted(known), 1))
    message = f"is set in {one.file or 'the environment'}, but there is no such setting"
    return warning("settings.unknown", one.name, message, file=one.file or "", nearest=nearest)


def _settings_file() -> Iterator[Finding]:
    path = Path(ENV_FILE)
    if not path.exists():
        return
    owner = path.stat().st_uid
    # The administrator of the machine can change any file.
    if owner not in {os.geteuid(), 0}:
        yield error(
            "secret.owner",
            ENV_FILE,
            f"belongs to another user (number {owner}), who can change where patient data are stored",
            user=str(os.geteuid()),
        )
    if file_holds_secret(Settings):
        yield from _private(path, "holds a password")
    elif path.stat().st_mode & _OTHERS_WRITE:
        yield warning("settings.writable", ENV_FILE, "can be changed by others")


def _private(path: Path, what: str) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        yield error(
            "secret.readable",
            str(path),
            f"{what}, and others can read it (mode {mode:04o})",
            mode="700" if path.is_dir() else "600",
        )
    else:
        yield fine("secret.readable", str(path), f"{what}, readable only for its owner")
