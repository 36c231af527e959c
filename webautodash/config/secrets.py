"""Secrets from a setting, from a file that a setting names, or from the folder of the database accounts."""

import errno
import os
import stat
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from webautodash.atomic_file import Replacement
from webautodash.config.ownership import belongs_to_another, why_untrusted
from webautodash.config.setting_names import setting_key
from webautodash.errors import AccountMissing, ConfigurationError, without_context

_LONGEST = 4096
_KEY = setting_key("accounts_dir")


def is_open_to_everybody(status: os.stat_result) -> bool:
    """Whether all users of this machine may open a file."""
    return bool(status.st_mode & stat.S_IRWXO)


def open_to_everybody(status: os.stat_result) -> str:
    """The reason in an error for such a file, with advice."""
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
            if reason := _why_no_secret(status):
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


def _why_no_secret(status: os.stat_result) -> str | None:
    if is_open_to_everybody(status):
        return open_to_everybody(status)
    if belongs_to_another(status):
        return f"belongs to another account (user {status.st_uid}): chown {os.geteuid()}"
    if status.st_mode & stat.S_IWGRP:
        return f"can be changed by its group (mode {stat.S_IMODE(status.st_mode):04o}): chmod g-w"
    return None


class Account(NamedTuple):
    """A database account and its password."""

    name: str
    password: SecretStr


class AccountFolder:
    """The password files of some accounts; each file is named after its account.

    A process that can read the file of an account can use the account: the rights of the files keep processes apart.
    """

    def __init__(self, folder: Path, label: str = _KEY) -> None:
        """``label`` names the folder in an error."""
        self.folder, self._label = folder, label

    def has(self, name: str) -> bool:
        """Whether there is a file for the account."""
        return self._file(name).is_file()

    def account(self, name: str) -> Account:
        """An account with its password, which is read again each time because it can change.

        Raises AccountMissing if there is no file, and ConfigurationError if other users can read the file, or can
        change it or its folder.
        """
        if not self.has(name):
            raise AccountMissing(name)
        if reason := why_untrusted(self.folder.stat()):
            raise ConfigurationError(self._label, f"{reason} {self.folder}")
        return Account(name, read_secret(self._file(name), _KEY, f"its file {name}"))

    @without_context
    def ready(self, account: Account) -> Replacement:
        """The new password file of an account, to replace the current one after the server has the password.

        Only the user of this process can read it. Raises ConfigurationError if it cannot be written; then the server
        must not be changed.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            password = f"{account.password.get_secret_value()}\n".encode()
            return Replacement(self._file(account.name), password, 0o600, durable=True)
        except OSError as error:
            raise ConfigurationError(self._label, f"cannot be written to ({error.strerror})") from None

    def _file(self, name: str) -> Path:
        return self.folder / name
