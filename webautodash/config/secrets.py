"""Secrets from a setting, or from a file that a setting names."""

import errno
import os
import stat
from pathlib import Path

from pydantic import SecretStr

from webautodash.config.ownership import belongs_to_another
from webautodash.errors import ConfigurationError, without_context

_LONGEST = 4096


def is_open_to_everybody(status: os.stat_result) -> bool:
    """Whether all users of this machine may open a file."""
    return bool(status.st_mode & stat.S_IRWXO)


def open_to_everybody(status: os.stat_result) -> str:
    """The reason in an error for such a file, with the fix."""
    return f"is open to everybody on this machine (mode {stat.S_IMODE(status.st_mode):04o}): chmod 600"


def secret_of(value: SecretStr | None, file: Path | None, key: str) -> SecretStr | None:
    """The secret itself, or the content of the file; ``key`` is the setting that names the file."""
    if value is not None or file is None:
        return value
    return read_secret(file, key, "names a file that")


@without_context
def read_secret(file: Path, key: str, what: str) -> SecretStr:
    """Read a secret from a file, without the line end.

    Raises ConfigurationError, for example "``key``: ``what`` is empty", if the file is empty or cannot be read, if all
    users of this machine can read it, or if another user created it or can change it.
    """
    try:
        with open(_opened(file, key, what), "rb") as opened:  # a descriptor
            # The status of the open file: its path can have been replaced.
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigurationError(key, f"{what} is not a regular file")
            if reason := _why_untrusted(status):
                raise ConfigurationError(key, f"{what} {reason}")
            text = opened.read(_LONGEST + 1).decode()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(key, f"{what} cannot be read") from None
    if len(text) > _LONGEST:
        raise ConfigurationError(key, f"{what} is longer than {_LONGEST} characters, so it is not a secret")
    if not (secret := text.rstrip("\r\n")):
        raise ConfigurationError(key, f"{what} is empty")
    return SecretStr(secret)


def _opened(file: Path, key: str, what: str) -> int:
    """Open the file, without waiting for the writer of a fifo. A link of this user or root is followed: Kubernetes
    provides secrets as links."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(file, flags | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
    if belongs_to_another(file.lstat()):
        raise ConfigurationError(key, f"{what} is a link that another account created")
    return os.open(file, flags)


def _why_untrusted(status: os.stat_result) -> str | None:
    if is_open_to_everybody(status):
        return open_to_everybody(status)
    if belongs_to_another(status):
        return f"belongs to another account (user {status.st_uid}): chown {os.geteuid()}"
    if status.st_mode & stat.S_IWGRP:
        return f"can be changed by its group (mode {stat.S_IMODE(status.st_mode):04o}): chmod g-w"
    return None
