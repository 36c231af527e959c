"""The settings, one class; the settings of the alerts are a base of it.

Nothing is read at import. No password has a default, and none appears in ``repr`` or in an error.
"""

from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ByteSize, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from webautodash.config.alerts import AlertSettings
from webautodash.config.hosts import is_plain_url
from webautodash.config.secrets import AccountFolder, is_open_to_everybody, open_to_everybody, secret_of
from webautodash.config.setting_names import (
    ENV_FILE,
    ENV_PREFIX,
    check_beside,
    check_one_secret,
    explicitly_set,
    file_holds_secret,
    setting_key,
)
from webautodash.domain.limits import LARGEST_FILE
from webautodash.errors import ConfigurationError, without_context

# A registration opens the provider's database while it has a connection to the registry.
FEWEST_CONNECTIONS = 2
DEFAULT_DATABASE_URL = "sqlite:///webautodash-data"


class Tls(StrEnum):
    """How connections to other machines are encrypted."""

    VERIFY = "verify"
    OFF = "off"


class Settings(AlertSettings):
    """All settings. The docstring of each one is its description in the manual.

    Raises ConfigurationError (from ``load``) with the name of the setting, never with its value.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        # KEY= in a list of variables for a container means that the setting is not set.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr | None = None
    """The server, without a database name: `mysql+pymysql://user:password@host:3306/`, or `sqlite:///folder` for a
    folder of SQLite files. The default is `sqlite:///webautodash-data`."""
    db_host: str | None = None
    """The server's host name, as an alternative to the URL."""
    db_port: int = Field(default=3306, ge=1, le=65535)
    """The server's port."""
    db_user: str | None = None
    """The account on the server."""
    db_password: SecretStr | None = None
    """The account's password."""
    db_password_file: Path | None = None
    """A file that holds the password; also works beside a URL without a password."""
    accounts_dir: Path | None = None
    """A folder with one password file per database account. If it is set, only these accounts are used."""
    tls: Tls = Tls.VERIFY
    """`verify`: TLS with a verified certificate, except to this machine. `off`: allow plain text to other machines."""
    tls_ca: Path | None = None
    """A PEM file with the certificate authority of the server. The default is the system's authorities."""
    connect_timeout: int = Field(default=10, ge=1, le=3600)
    """Seconds to wait for a connection."""
    read_timeout: int = Field(default=120, ge=1, le=86400)
    """Seconds to wait for an answer from the server."""
    max_connections: int = Field(default=20, ge=FEWEST_CONNECTIONS, le=10_000)
    """The largest number of connections to the server, over all databases and workers of one command. A thread that
    finds all in use waits for the connect timeout. Each thread or worker needs at least 2."""

    results_dir: Path = Path("Results")
    """The folder that has one subfolder per provider."""
    profiles_dir: Path | None = None
    """A folder with your own profiles, `NAME.toml`: how files of other portals are read. One with the name of a
    built-in profile replaces it."""
    results_root: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    """The name of the root that the Results folder belongs to; needed if several roots have the same path."""
    database_prefix: str = Field(default="webautodash_", pattern=r"^[a-z0-9_]{1,15}$")
    """The prefix of all database names: at most 15 characters of `a-z0-9_`."""
    system_database: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]{1,64}$")
    """The name of the system database. The default is the prefix and `system`. The name of a provider's database is
    refused."""
    lease_seconds: int = Field(default=30, ge=3, le=3600)
    """Seconds until the lease of a killed migration or monitor expires."""
    lock_seconds: int = Field(default=300, ge=1, le=86400)
    """Seconds that a command waits for rows that another command has locked. A monitor waits no longer than a lease
    lasts."""
    max_file_size: ByteSize = Field(default=ByteSize(LARGEST_FILE), ge=1 << 20)
    """A larger file is rejected before it is read. In bytes, or as `500M` or `2GiB`."""
    settle_seconds: float = Field(default=2.0, ge=0, le=3600)
    """Seconds that a file must stay unchanged before the monitor takes it. `ingest` reads a truncated file again if it
    is younger than this."""
    pass_seconds: float = Field(default=60, ge=0.1, le=3600)
    """Seconds after which the monitor gives up a folder or file that does not answer, until the next pass."""
    retry_seconds: float = Field(default=10, ge=0.01, le=3600)
    """The monitor's pause after the first failure of a file. It doubles with each failure, up to an hour."""
    retry_attempts: int = Field(default=8, ge=1, le=1000)
    """The number of failed attempts after which a file is held."""
    suspicious: bool = True
    """`off`: a file is stored even if it has far more empty lists, or far fewer patients, than is usual. What is usual
    is still learned."""
    auto_register: bool = True
    """`false`: the files of an unregistered provider wait, as `unregistered_provider`, for `webautodash provider
    register`."""
    timezone: str = "UTC"
    """The time zone of an `extracted_at` without an offset. A time that occurs twice, when the clock is set back, is
    the earlier one. A time that the clock skips is read as the clock shows it after the change (2:30 is 3:30)."""

    @field_validator("*", mode="before")
    @classmethod
    def _not_blank(cls, value: object) -> object:
        # An empty path would be the working folder.
        if isinstance(value, str) and not value.strip():
            raise ValueError("is blank; set a value, or remove it")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("not a time zone name such as UTC or America/New_York") from None
        return name

    @classmethod
    @without_context
    def load(cls, **values: object) -> "Settings":
        """Load the settings; ``values`` win over the environment, which wins over the file."""
        try:
            settings = cls(**values)  # type: ignore[arg-type]  # pydantic checks them
        except ValidationError as invalid:
            first = invalid.errors(include_input=False, include_url=False, include_context=False)[0]
            key = setting_key("_".join(str(part) for part in first["loc"]))
            raise ConfigurationError(key, first["msg"].removeprefix("Value error, ")) from None
        except OSError as unreadable:
            raise ConfigurationError(ENV_FILE, f"cannot be read ({unreadable.strerror})") from None
        except UnicodeDecodeError:
            raise ConfigurationError(ENV_FILE, "is not UTF-8") from None
        if values.get("_env_file", ENV_FILE) is not None:
            _refuse_open_file()
        settings._check_server()
        settings.check_alerts()
        return settings

    def shared_by(self, processes: int) -> "Settings":
        """The settings for each of several processes that share the connections.

        Raises ConfigurationError if there are too few for each process.
        """
        share = self.max_connections // processes
        if share < FEWEST_CONNECTIONS:
            raise ConfigurationError(
                setting_key("max_connections"),
                f"{self.max_connections} connections are too few for {processes} processes (the command and its "
                f"workers), which need {FEWEST_CONNECTIONS} each; raise it or use fewer workers",
            )
        return self.model_copy(update={"max_connections": share})

    @cached_property
    def password(self) -> SecretStr | None:
        """The database password that is not part of the URL, from the setting or from its file."""
        return secret_of(self.db_password, self.db_password_file, setting_key("db_password_file"))

    @property
    def accounts(self) -> AccountFolder | None:
        """The passwords of the accounts, if each database has its own account."""
        return None if self.accounts_dir is None else AccountFolder(self.accounts_dir)

    def _check_server(self) -> None:
        if self.database_url is None:
            # Without a host, patients' data would go to files on this machine unnoticed.
            check_beside(self, "db_host", ("db_user", "db_port", "db_password", "db_password_file"))
        elif parts := explicitly_set(self, ("db_host", "db_user", "db_port")):
            raise ConfigurationError(
                setting_key(parts[0]), f"is set as well as {setting_key('database_url')}; keep one of them"
            )
        check_one_secret(self, "db_password")
        if self.database_url is not None and not is_plain_url(self.database_url.get_secret_value()):
            raise ConfigurationError(
                setting_key("database_url"),
                "is not a URL such as mysql+pymysql://user:password@host:3306/ or sqlite:///folder; in a password, "
                "write @ as %40, / as %2F and : as %3A, or put the password in WEBAUTODASH_DB_PASSWORD_FILE",
            )

    @property
    def system_database_name(self) -> str:
        """The name of the system database, by default the prefix and ``system``."""
        return self.system_database or f"{self.database_prefix}system"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of an ``extracted_at`` without an offset."""
        return ZoneInfo(self.timezone)


def _refuse_open_file() -> None:
    """Raise ConfigurationError if the file holds a secret and everybody on this machine can read it."""
    with suppress(OSError):
        status = Path(ENV_FILE).stat()
        if is_open_to_everybody(status) and file_holds_secret(Settings):
            raise ConfigurationError(ENV_FILE, f"holds a password and {open_to_everybody(status)} {ENV_FILE}")
