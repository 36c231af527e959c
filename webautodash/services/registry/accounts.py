"""An account for each database: what it may do, made on the server, its password shown once or kept in a file.

A provider's may read and write the rows of their database, the system's those of the system database, and neither
anything else; a third one makes databases and changes tables.
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
from webautodash.config.accounts import Account, AccountFolder
from webautodash.database import Server
from webautodash.database.products import AccountRights, HeldRights, ServerAccounts
from webautodash.domain.vocabulary import Level
from webautodash.errors import AccountInUse, AccountUnknown, NotSetUp, UsageError, WebAutoDashError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.system_log import LogRecord
from webautodash.services.callbacks import ignore
from webautodash.services.registry.account_rights import (
    WantedAccount,
    migrations_account,
    provider_account,
    system_account,
)
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

_PASSWORD_BYTES = 24
# A name, an address, a network, with the signs that stand for others.
_HOST = re.compile(r"[\w.:%/-]{1,255}", re.ASCII)
# What the servers' password policies ask for.
_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_")


class AccountState(StrEnum):
    """What became of an account."""

    MADE = "made"
    ROTATED = "rotated"
    """It has another password."""
    THERE = "there"
    """It was there already, and has its rights."""


_SAID = {AccountState.MADE: "made the account", AccountState.ROTATED: "gave another password to the account"}


@dataclass(frozen=True, slots=True)
class GrantedAccount:
    """An account as it is now. ``password`` only where no file keeps it and it was made this very moment."""

    account: str
    host: str
    state: AccountState
    rights: tuple[str, ...]
    """Empty where the server took the password and then refused the rights, or was gone."""
    databases: tuple[str, ...]
    append_only: tuple[str, ...]
    """The tables in which it may add and read rows, and change none."""
    provider: str | None
    asked_by: str
    file: str | None
    password: str | None = field(repr=False)

    @property
    def password_is_unknown(self) -> bool:
        """Whether nobody here knows the password."""
        return self.file is None and self.password is None


OnGranted = Callable[[GrantedAccount], None]
"""Hears of an account before the next one is touched, and before an error ends it all: nobody else has its password."""


def grant(
    settings: Settings,
    providers: Sequence[str] = (),
    *,
    everyone: bool = False,
    system: bool = False,
    migrations: bool = False,
    rotate: bool = False,
    host: str | None = None,
    folder: Path | None = None,
    on_granted: OnGranted = ignore,
) -> list[GrantedAccount]:
    """Make the accounts of some providers, of the system database, for migrations, or of ``everyone`` of these.

    The account of the settings' URL makes them. ``host`` is from where they may connect, by default what holds for that
    one. ``rotate`` gives those that are there another password. Passwords are kept in ``folder``, by default the
    settings' folder of accounts; without one they are in what ``on_granted`` hears and this returns, and nowhere else.
    Safe to repeat: an account that is there is touched where it has rights of those alone that it is given, or lets in
    the password in its file.
    Raises UnknownProvider; AccountInUse where an account of the name has other rights; AccountUnknown where nothing
    says whose it is; DatabaseError where the account may make none; UsageError where the product has no accounts, or
    nothing is asked for.
    """
    if not (providers or everyone or system or migrations):
        raise UsageError("whose account? Name providers, or --system, --migrations, --all")
    if host is not None and not _HOST.fullmatch(host):
        raise UsageError("--host takes a host name or an address, in which % and _ stand for others")
    if settings.accounts is not None and settings.database_url is None and settings.db_user is None:
        raise UsageError(
            f"accounts are made by an account that may: name it by {setting_key('db_user')} and "
            f"{setting_key('db_password')}, or {setting_key('database_url')}"
        )
    files = AccountFolder(folder, str(folder)) if folder is not None else settings.accounts
    administrator = settings.model_copy(update={"accounts_dir": None})
    with Store(administrator) as store, store.server.accounts() as accounts:
        known = _known(administrator, required=bool(providers))
        named = known if everyone else [resolve_provider(store, name) for name in dict.fromkeys(providers)]
        wanted = [provider_account(provider) for provider in named]
        if everyone or system:
            wanted.insert(0, system_account(settings))
        if everyone or migrations:
            wanted.insert(0, migrations_account(settings, known))
        where = host or accounts.host
        doubts = [_doubt(accounts, each.rights, where, administrator, files) for each in wanted]
        done: list[GrantedAccount] = []

        def tell(one: GrantedAccount) -> None:
            done.append(one)
            on_granted(one)

        try:
            for each, doubt in zip(wanted, doubts, strict=True):
                _grant(accounts, each, where, files, doubt, tell, rotate=rotate)
        finally:
            # The last of all: a log that is held up holds up nobody's password.
            if known:
                _log(store, done)
    return done


def _known(administrator: Settings, *, required: bool) -> list[RegisteredProvider]:
    try:
        with Store.attach(administrator) as store:
            return store.providers()
    except NotSetUp:
        if required:
            raise
        return []


def _grant(
    accounts: ServerAccounts,
    wanted: WantedAccount,
    host: str,
    files: AccountFolder | None,
    doubt: AccountUnknown | None,
    tell: OnGranted,
    *,
    rotate: bool,
) -> None:
    name = wanted.rights.account
    fresh = Account(name, SecretStr(_new_password()))
    state = AccountState.THERE
    kept = False
    rights: tuple[str, ...] = ()
    # On disk before the server has it: a password that nobody knows would lock the provider out.
    with nullcontext() if files is None else files.ready(fresh) as ready:
        if accounts.create(fresh, host):
            state = AccountState.MADE
        elif doubt is not None:
            raise doubt
        elif rotate:
            accounts.change_password(fresh, host)
            state = AccountState.ROTATED
        is_new = state is not AccountState.THERE
        try:
            if ready is not None and is_new:
                ready.take_place()
            kept = files is not None and files.has(name)
            rights = accounts.grant(wanted.rights, host)
        finally:
            if is_new or rights:
                tell(
                    GrantedAccount(
                        name,
                        host,
                        state,
                        rights,
                        wanted.rights.databases,
                        wanted.rights.append_only_tables,
                        wanted.provider,
                        wanted.asked_by,
                        file=str(files.folder / name) if files is not None and kept else None,
                        password=fresh.password.get_secret_value() if is_new and not kept else None,
                    )
                )


def _doubt(
    accounts: ServerAccounts, wanted: AccountRights, host: str, administrator: Settings, files: AccountFolder | None
) -> AccountUnknown | None:
    """The error for an account that turns out to exist when it is created; None if it is this program's.

    Somebody else's account must not get a password or rights, and this program's must not keep more than it needs.
    """
    try:
        held = accounts.held(wanted, host)
    except AccountUnknown as unread:
        if (held := _by_itself(administrator, files, wanted, host)) is None:
            return unread
        is_ours = True
    else:
        if held is None:
            return accounts.unknown(wanted.account, host)
        is_ours = not held.is_empty
    for more in held.excess:
        if not more.is_revoked_by_grant:
            raise AccountInUse(more.holder, str(more))
    if held.others:
        raise AccountInUse(wanted.account, "; ".join(held.others))
    if not is_ours and _by_itself(administrator, files, wanted, host) is None:
        raise accounts.unknown(wanted.account, host)
    return None


def _by_itself(
    administrator: Settings, files: AccountFolder | None, wanted: AccountRights, host: str
) -> HeldRights | None:
    """The rights that an account reads by itself, with the password in its file; None if it cannot connect."""
    if files is None or not files.has(wanted.account):
        return None
    settings = administrator.model_copy(update={"accounts_dir": files.folder})
    try:
        with Server(settings) as server, server.account(wanted.account) as own:
            return own.held(wanted) if own.is_account(wanted.account, host) else None
    except WebAutoDashError:
        return None


def _log(store: Store, done: Sequence[GrantedAccount]) -> None:
    now = datetime.now(UTC)
    changed = [(each, f"account_{each.state}") for each in done if each.state in _SAID]
    SystemLogWriter(store.system).record_all(
        [
            LogRecord(now, Level.INFO, "accounts", event, f"{_SAID[each.state]} {each.account}", each.provider)
            for each, event in changed
        ]
    )


def _new_password() -> str:
    while True:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        if all(any(sign in kind for sign in password) for kind in _KINDS):
            return password
