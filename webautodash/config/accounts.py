"""A folder with one password file per database account: whoever can read a file can use its account."""

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
    """A database account and its password."""

    name: str
    password: SecretStr


class AccountFolder:
    """The password files of some accounts; each file is named after its account."""

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
