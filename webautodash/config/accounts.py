"""A folder with the passwords of the accounts, a file each: who has the file can use the account, and no other."""

from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from webautodash.atomic_file import Replacement
from webautodash.config.ownership import why_untrusted
from webautodash.config.secrets import read_secret
from webautodash.config.setting_names import setting_key
from webautodash.errors import AccountMissing, ConfigurationError, without_context

_KEY = setting_key("accounts_dir")


class Account(NamedTuple):
    """Who connects, and by which password."""

    name: str
    password: SecretStr


class AccountFolder:
    """The passwords of some accounts; a file is named after its account."""

    def __init__(self, folder: Path, called: str = _KEY) -> None:
        """``called`` is what an error says of a folder that cannot be written to."""
        self.folder, self._called = folder, called

    def has(self, name: str) -> bool:
        """Whether there is a file for the account."""
        return self._file(name).is_file()

    def account(self, name: str) -> Account:
        """An account, its password read anew: it may have been changed meanwhile.

        Raises AccountMissing where there is no file for it, and ConfigurationError where that is open to others or
        others can change it or its folder.
        """
        if not self.has(name):
            raise AccountMissing(name)
        if reason := why_untrusted(self.folder.stat()):
            raise ConfigurationError(self._called, f"{reason} {self.folder}")
        return Account(name, read_secret(self._file(name), _KEY, f"its file {name}"))

    @without_context
    def ready(self, account: Account) -> Replacement:
        """The file with the password of an account, for this user alone, to take its place once the server has it.

        Raises ConfigurationError where it cannot be written: then the server must not have it.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            password = f"{account.password.get_secret_value()}\n".encode()
            return Replacement(self._file(account.name), password, 0o600, durable=True)
        except OSError as error:
            raise ConfigurationError(self._called, f"cannot be written to ({error.strerror})") from None

    def _file(self, name: str) -> Path:
        return self.folder / name
