"""Secrets that stand in a setting, or in a file that a setting names."""

import errno
import os
import stat
from pathlib import Path

from pydantic import SecretStr

from webautodash.config.ownership import belongs_to_another
from webautodash.errors import ConfigurationError, without_context

_LONGEST = 4096


def is_open_to_everybody(status: os.stat_result) -> bool:
    """Whether everybody on this machine may open a file: a password in it is none."""
    return bool(status.st_mode & stat.S_IRWXO)


def open_to_everybody(status: os.stat_result) -> str:
    """That, in words, with the cure."""
    return f"is open to everybody on this machine (mode {stat.S_IMODE(status.st_mode):04o}): chmod 600"


def secret_of(value: SecretStr | None, file: Path | None, key: str) -> SecretStr | None:
    """The secret itself, else what the file holds; ``key`` is the setting that names the file."""
    if value is not None or file is None:
        return value
    return read_secret(file, key, "names a file that")


@without_context
def read_secret(file: Path, key: str, what: str) -> SecretStr:
    """What a file holds, without the line's end.

    Raises ConfigurationError, as "``key``: ``what`` is empty", for a file that is empty or cannot be read, that
    everybody on this machine can read, or that somebody else has made or can change.
    """
    try:
        # Neither waits for whoever should write into a fifo.
        with open(_opened(file, key, what), "rb") as opened:  # a descriptor
            # Of the file that was opened: another may be in its place by now.
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigurationError(key, f"{what} is no regular file")
            if reason := _why_untrusted(status):
                raise ConfigurationError(key, f"{what} {reason}")
            text = opened.read(_LONGEST + 1).decode()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(key, f"{what} cannot be read") from None
    if len(text) > _LONGEST:
        raise ConfigurationError(key, f"{what} is longer than {_LONGEST} characters: it holds something else")
    if not (secret := text.rstrip("\r\n")):
        raise ConfigurationError(key, f"{what} is empty")
    return SecretStr(secret)


def _opened(file: Path, key: str, what: str) -> int:
    """A descriptor of the file. A link is followed if it is the own user's or root's, as Kubernetes makes them."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(file, flags | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    if belongs_to_another(file.lstat()):
        raise ConfigurationError(key, f"{what} is a link that another account has made")
    return os.open(file, flags)


def _why_untrusted(status: os.stat_result) -> str | None:
    if is_open_to_everybody(status):
        return open_to_everybody(status)
    if belongs_to_another(status):
        return f"belongs to another account (user {status.st_uid}): chown {os.geteuid()}"
    if status.st_mode & stat.S_IWGRP:
        return f"can be changed by its group (mode {stat.S_IMODE(status.st_mode):04o}): chmod g-w"
    return None
