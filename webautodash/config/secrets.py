"""Secrets that stand in a setting, or in a file that a setting names."""

import os
import stat
from pathlib import Path

from pydantic import SecretStr

from webautodash.errors import ConfigurationError, without_context

_LONGEST = 4096


def is_open(status: os.stat_result) -> bool:
    """Whether everybody on this machine may open a file: a password in it is none."""
    return bool(status.st_mode & stat.S_IRWXO)


def open_to(status: os.stat_result) -> str:
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

    Raises ConfigurationError, as "``key``: ``what`` is empty", for a file that is empty, cannot be read, or can be by
    everybody on this machine.
    """
    try:
        # Neither waits for whoever should write into a fifo.
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:  # noqa: PTH123
            # Of the file that was opened: another may be in its place by now.
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigurationError(key, f"{what} is no regular file")
            text = opened.read(_LONGEST + 1).decode()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(key, f"{what} cannot be read") from None
    if is_open(status):
        raise ConfigurationError(key, f"{what} {open_to(status)}")
    if len(text) > _LONGEST:
        raise ConfigurationError(key, f"{what} is longer than {_LONGEST} characters: it holds something else")
    if not (secret := text.rstrip("\r\n")):
        raise ConfigurationError(key, f"{what} is empty")
    return SecretStr(secret)
