"""Creates one database account per database on the server, and keeps its password in a file or returns it once.

The account of a provider reads and writes rows of that provider's database only, the account of the system database
rows of that one only. A third account, for migrations, creates databases and changes tables.
"""

import re
import secrets
import string
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from webautodash.config import Settings, setting_key
from webautodash.config.secrets import Account, AccountFolder
from webautodash.database import Server
from webautodash.database.products import AccountRights, HeldRights, ServerAccounts
from webautodash.domain.naming import account_name, migrations_account_name
from webautodash.domain.vocabulary import Level
from webautodash.errors import AccountInUse, AccountUnknown, NotSetUp, UsageError, WebAutoDashError
from webautodash.models.base import ProviderBase, SystemBase, append_only_tables, changeable_tables
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.system_log import LogRecord
from webautodash.services.callbacks import ignore
from webautodash.services.registry.provider_names import resolve_provider
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

_PASSWORD_BYTES = 24
# A host name, an address or a network, with wildcards.
_HOST = re.compile(r"[\w.:%/-]{1,255}", re.ASCII)
# The password policies of servers require one character of each.
_CHARACTER_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_")


class AccountState(StrEnum):
    """The result of granting an account."""

    MADE = "made"
    ROTATED = "rotated"
    """It has a new password."""
    THERE = "there"
    """It existed already; its rights were corrected."""


_LOG_MESSAGES = {AccountState.MADE: "created the account", AccountState.ROTATED: "changed the password of the account"}


@dataclass(frozen=True, slots=True)
class GrantedAccount:
    """An account after the grant. ``password`` is set only if it is new and no file keeps it."""

    account: str
    host: str
    state: AccountState
    rights: tuple[str, ...]
    """Empty if the server refused the rights after it had the password, or was lost."""
    databases: tuple[str, ...]
    append_only: tuple[str, ...]
    """Tables in which it may read and add rows, not change them."""
    provider: str | None
    asked_by: str
    file: str | None
    password: str | None = field(repr=False)

    @property
    def password_is_unknown(self) -> bool:
        """Whether the password is neither in a file nor in this result."""
        return self.file is None and self.password is None


@dataclass(frozen=True, slots=True)
class WantedAccount:
    """An account, and how a person asks for it."""

    rights: AccountRights
    asked_by: str
    """The argument of `webautodash provider grant`: the provider's slug, or an option."""
    provider: str | None = None


def provider_account(provider: RegisteredProvider) -> WantedAccount:
    """The account of a provider's database."""
    return WantedAccount(_of_database(provider.database_name, ProviderBase), provider.slug, provider.slug)


def system_account(settings: Settings) -> WantedAccount:
    """The account of the system database."""
    return WantedAccount(_of_database(settings.system_database_name, SystemBase), "--system")


def _of_database(name: str, base: type[ProviderBase] | type[SystemBase]) -> AccountRights:
    return AccountRights(
        account_name(name),
        (name,),
        changeable_tables=changeable_tables(base),
        append_only_tables=append_only_tables(base),
    )


def migrations_account(settings: Settings, providers: Sequence[RegisteredProvider]) -> WantedAccount:
    """The account that creates and migrates all databases with the prefix, and those that have other names."""
    prefix = settings.database_prefix
    registered = (settings.system_database_name, *(provider.database_name for provider in providers))
    others = tuple(name for name in registered if not name.startswith(prefix))
    rights = AccountRights(migrations_account_name(prefix), (f"{prefix}%", *others), changes_schema=True)
    return WantedAccount(rights, "--migrations")


def database_accounts(settings: Settings, providers: Sequence[RegisteredProvider]) -> list[WantedAccount]:
    """The accounts of the system database and of each provider's."""
    return [system_account(settings), *map(provider_account, providers)]


OnGranted = Callable[[GrantedAccount], None]
"""Called with each account before the next one is changed: after an error, nothing else has its password."""


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """Which accounts to create or correct, and how."""

    providers: Sequence[str] = ()
    everyone: bool = False
    """The accounts of all providers, of the system database and for migrations."""
    system: bool = False
    migrations: bool = False
    rotate: bool = False
    """Give existing accounts a new password."""
    host: str | None = None
    """Where the accounts may connect from; by default as the account that creates them."""
    folder: Path | None = None
    """Where passwords are kept; by default the folder of accounts in the settings, if there is one."""

    def check(self) -> None:
        """Raise UsageError if no account is requested, or the host is invalid."""
        if not (self.providers or self.everyone or self.system or self.migrations):
            raise UsageError("no account is requested", "accounts")
        if self.host is not None and not _HOST.fullmatch(self.host):
            raise UsageError("the host is not a host name or an address; % and _ are wildcards")


def grant(settings: Settings, request: GrantRequest, on_granted: OnGranted = ignore) -> list[GrantedAccount]:
    """Create accounts, or correct the rights of existing ones, with the account of the settings.

    Idempotent. An existing account is changed only if it has no other rights than requested, or accepts the password
    in its file. Without a folder, a new password is only in what ``on_granted`` gets and this returns.
    Raises UnknownProvider; AccountInUse for an account with other rights; AccountUnknown for one whose owner cannot
    be determined; DatabaseError if the settings' account may not create accounts; UsageError if the product has no
    accounts or the request is invalid.
    """
    request.check()
    if settings.accounts is not None and settings.database_url is None and settings.db_user is None:
        raise UsageError(
            f"accounts are created by an administrator's account: set {setting_key('db_user')} and "
            f"{setting_key('db_password')}, or {setting_key('database_url')}"
        )
    folder = request.folder
    files = AccountFolder(folder, str(folder)) if folder is not None else settings.accounts
    administrator = settings.model_copy(update={"accounts_dir": None})
    with Store(administrator) as store, store.server.accounts() as accounts:
        registered = _registered(administrator, required=bool(request.providers))
        wanted = _wanted(store, settings, request, registered)
        target = _Target(accounts, request.host or accounts.host, files, administrator)
        errors = [target.error_if_exists(each.rights) for each in wanted]
        done: list[GrantedAccount] = []

        def report(one: GrantedAccount) -> None:
            done.append(one)
            on_granted(one)

        try:
            for each, error in zip(wanted, errors, strict=True):
                target.grant(each, error, report, rotate=request.rotate)
        finally:
            # Last of all: a log that is blocked must not delay a password.
            if registered:
                _log(store, done)
    return done


def _registered(administrator: Settings, *, required: bool) -> list[RegisteredProvider]:
    try:
        with Store.attach(administrator) as store:
            return store.providers()
    except NotSetUp:
        if required:
            raise
        return []


def _wanted(
    store: Store, settings: Settings, request: GrantRequest, registered: Sequence[RegisteredProvider]
) -> list[WantedAccount]:
    everyone = request.everyone
    named = registered if everyone else [resolve_provider(store, name) for name in dict.fromkeys(request.providers)]
    wanted = [provider_account(provider) for provider in named]
    if everyone or request.system:
        wanted.insert(0, system_account(settings))
    if everyone or request.migrations:
        wanted.insert(0, migrations_account(settings, registered))
    return wanted


@dataclass(frozen=True)
class _Target:
    """The server on which accounts are created, and where their passwords are kept."""

    accounts: ServerAccounts
    host: str
    files: AccountFolder | None
    administrator: Settings

    def grant(self, wanted: WantedAccount, exists: AccountUnknown | None, report: OnGranted, *, rotate: bool) -> None:
        """Create or correct one account. Raises ``exists`` if the account turns out to exist."""
        name = wanted.rights.account
        fresh = Account(name, SecretStr(_new_password()))
        state = AccountState.THERE
        kept = False
        rights: tuple[str, ...] = ()
        # On disk before the server has it: a password that nobody knows would lock the provider out.
        with nullcontext() if self.files is None else self.files.ready(fresh) as ready:
            if self.accounts.create(fresh, self.host):
                state = AccountState.MADE
            elif exists is not None:
                raise exists
            elif rotate:
                self.accounts.change_password(fresh, self.host)
                state = AccountState.ROTATED
            is_new = state is not AccountState.THERE
            try:
                if ready is not None and is_new:
                    ready.take_place()
                kept = self.files is not None and self.files.has(name)
                rights = self.accounts.grant(wanted.rights, self.host)
            finally:
                if is_new or rights:
                    report(
                        GrantedAccount(
                            name,
                            self.host,
                            state,
                            rights,
                            wanted.rights.databases,
                            wanted.rights.append_only_tables,
                            wanted.provider,
                            wanted.asked_by,
                            file=str(self.files.folder / name) if self.files is not None and kept else None,
                            password=fresh.password.get_secret_value() if is_new and not kept else None,
                        )
                    )

    def error_if_exists(self, wanted: AccountRights) -> AccountUnknown | None:
        """The error for an account that turns out to exist when it is created; None if it is this program's.

        Somebody else's account must not get a password or rights, and this program's must not keep more than it needs.
        """
        try:
            held = self.accounts.held(wanted, self.host)
        except AccountUnknown as unread:
            if (held := self._read_by_account(wanted)) is None:
                return unread
            is_ours = True
        else:
            if held is None:
                return self.accounts.unknown(wanted.account, self.host)
            is_ours = not held.is_empty
        for more in held.excess:
            if not more.is_revoked_by_grant:
                raise AccountInUse(more.holder, str(more))
        if held.others:
            raise AccountInUse(wanted.account, "; ".join(held.others))
        if not is_ours and self._read_by_account(wanted) is None:
            raise self.accounts.unknown(wanted.account, self.host)
        return None

    def _read_by_account(self, wanted: AccountRights) -> HeldRights | None:
        """The rights that an account reads by itself, with the password in its file; None if it cannot connect."""
        if self.files is None or not self.files.has(wanted.account):
            return None
        settings = self.administrator.model_copy(update={"accounts_dir": self.files.folder})
        try:
            with Server(settings) as server, server.account(wanted.account) as own:
                return own.held(wanted) if own.is_account(wanted.account, self.host) else None
        except WebAutoDashError:
            return None


def _log(store: Store, done: Sequence[GrantedAccount]) -> None:
    now = datetime.now(UTC)
    changed = [(each, f"account_{each.state}") for each in done if each.state in _LOG_MESSAGES]
    SystemLogWriter(store.system).record_all(
        [
            LogRecord(now, Level.INFO, "accounts", event, f"{_LOG_MESSAGES[each.state]} {each.account}", each.provider)
            for each, event in changed
        ]
    )


def _new_password() -> str:
    while True:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        if all(any(character in kind for character in password) for kind in _CHARACTER_CLASSES):
            return password
