"""An account for each database: what it may do, made on the server, its password shown once or kept in a file.

A provider's may read and write the rows of their database, the system's those of the system database, and neither
anything else; a third one makes databases and changes tables.
"""

import re
import secrets
import string
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from webautodash.config import Settings, key_of
from webautodash.config.accounts import Account, AccountFolder
from webautodash.database.dialects import ServerAccounts
from webautodash.database.dialects.grants import ROWS, TABLES, Grant, exactly
from webautodash.domain.naming import account_name, migrations_account_name
from webautodash.domain.vocabulary import Level
from webautodash.errors import AccountInUse, NotSetUp, UsageError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.log import SystemLog
from webautodash.services.providers import resolve
from webautodash.services.store import Store

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


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the account of one database, or the one for migrations, is to be allowed."""

    account: str
    databases: tuple[str, ...]
    """Their names; one that ends in ``%`` stands for all that begin so."""
    rights: tuple[str, ...]
    asked_by: str
    """What `webautodash provider grant` is given for it: the provider's slug, or an option."""
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class GrantedAccount:
    """An account as it is now. ``password`` only where no file keeps it and it was made this very moment."""

    account: str
    host: str
    state: AccountState
    rights: tuple[str, ...]
    databases: tuple[str, ...]
    provider: str | None
    asked_by: str
    file: str | None
    password: str | None = field(repr=False)

    @property
    def password_is_unknown(self) -> bool:
        """Whether nobody here knows the password."""
        return self.file is None and self.password is None


def of_provider(provider: RegisteredProvider) -> OwnRights:
    """The rows of their database."""
    return OwnRights(
        account_name(provider.database_name), (provider.database_name,), ROWS, provider.slug, provider.slug
    )


def of_system(settings: Settings) -> OwnRights:
    """The rows of the system database."""
    name = settings.system_database_name
    return OwnRights(account_name(name), (name,), ROWS, "--system")


def of_migrations(settings: Settings, providers: Sequence[RegisteredProvider]) -> OwnRights:
    """All databases of the prefix, made and changed, and those that have other names."""
    prefix = settings.database_prefix
    known = (settings.system_database_name, *(provider.database_name for provider in providers))
    others = tuple(name for name in known if not name.startswith(prefix))
    return OwnRights(migrations_account_name(prefix), (f"{prefix}%", *others), (*ROWS, *TABLES), "--migrations")


def of_databases(settings: Settings, providers: Sequence[RegisteredProvider]) -> list[OwnRights]:
    """The system database's and each provider's."""
    return [of_system(settings), *map(of_provider, providers)]


def beyond(wanted: OwnRights, held: Sequence[Grant], patterns: Sequence[str]) -> list[Grant]:
    """What an account may do that it is not to be allowed."""
    more = [
        grant_._replace(rights=grant_.rights - (set(wanted.rights) if grant_.pattern in patterns else set()))
        for grant_ in held
    ]
    return [grant_ for grant_ in more if grant_.rights]


def patterns_of(wanted: OwnRights, *, literally: bool) -> list[str]:
    """What fits its databases in a grant, and no other; see ``ServerAccounts.literally``.

    Raises UsageError where no pattern can stand for databases that are not there yet.
    """
    return [_pattern(database, literally=literally) for database in wanted.databases]


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
) -> list[GrantedAccount]:
    """Make the accounts of some providers, of the system database, for migrations, or of ``everyone`` of these.

    The account of the settings' URL makes them. ``host`` is from where they may connect, by default what holds for that
    one. ``rotate`` gives those that are there another password. Passwords are kept in ``folder``, by default the
    settings' folder of accounts; without one they are in what this returns, and nowhere else. Safe to repeat.
    Raises UnknownProvider; AccountInUse where an account of the name has other rights; DatabaseError where the account
    may make none; UsageError where the product has no accounts, or nothing is asked for.
    """
    if not (providers or everyone or system or migrations):
        raise UsageError("whose account? Name providers, or --system, --migrations, --all")
    if host is not None and not _HOST.fullmatch(host):
        raise UsageError("--host takes a host name or an address, in which % and _ stand for others")
    if settings.accounts is not None and settings.database_url is None and settings.db_user is None:
        raise UsageError(
            f"accounts are made by an account that may: name it by {key_of('db_user')} and {key_of('db_password')}, or "
            f"{key_of('database_url')}"
        )
    files = AccountFolder(folder, str(folder)) if folder is not None else settings.accounts
    administrator = settings.model_copy(update={"accounts_dir": None})
    with Store(administrator) as store, store.server.accounts() as accounts:
        known = _known(administrator, required=bool(providers))
        named = known if everyone else [resolve(store, name) for name in dict.fromkeys(providers)]
        wanted = [of_provider(provider) for provider in named]
        if everyone or system:
            wanted.insert(0, of_system(settings))
        if everyone or migrations:
            wanted.insert(0, of_migrations(settings, known))
        where = host or accounts.host
        for each in wanted:
            _refuse_another(accounts, each, where)
        done = [_granted(accounts, each, where, files, rotate=rotate) for each in wanted]
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


def _granted(
    accounts: ServerAccounts, wanted: OwnRights, host: str, files: AccountFolder | None, *, rotate: bool
) -> GrantedAccount:
    fresh = Account(wanted.account, SecretStr(_new_password()))
    state = AccountState.THERE
    # On the disk before the server has it: a password that nobody knows would lock the provider out.
    with nullcontext() if files is None else files.ready(fresh) as ready:
        if accounts.make(fresh, host):
            state = AccountState.MADE
        elif rotate:
            accounts.change_password(fresh, host)
            state = AccountState.ROTATED
        is_new = state is not AccountState.THERE
        if ready is not None and is_new:
            ready.take_place()
    for pattern in patterns_of(wanted, literally=accounts.literally):
        accounts.allow(wanted.rights, pattern, wanted.account, host)
    kept = files is not None and files.has(wanted.account)
    return GrantedAccount(
        wanted.account,
        host,
        state,
        wanted.rights,
        wanted.databases,
        wanted.provider,
        wanted.asked_by,
        file=str(files.folder / wanted.account) if files is not None and kept else None,
        password=fresh.password.get_secret_value() if is_new and not kept else None,
    )


def _pattern(database: str, *, literally: bool) -> str:
    if not database.endswith("%"):
        return database if literally else exactly(database)
    if literally:
        raise UsageError(
            "partial_revokes is ON: a grant fits one name exactly, so no account can make the databases of new "
            "providers: SET PERSIST partial_revokes = OFF"
        )
    return exactly(database.removesuffix("%")) + "%"


def _refuse_another(accounts: ServerAccounts, wanted: OwnRights, host: str) -> None:
    """Somebody else's account must not be given a password, nor more than it needs be left to ours."""
    held = accounts.held(wanted.account, host)
    for grant_ in beyond(wanted, held.grants, patterns_of(wanted, literally=accounts.literally)):
        raise AccountInUse(grant_.holder, f"{', '.join(sorted(grant_.rights))} on {grant_.object}")
    if held.others:
        raise AccountInUse(wanted.account, "; ".join(held.others))


def _log(store: Store, done: Sequence[GrantedAccount]) -> None:
    log = SystemLog(store.system)
    for each in done:
        if each.state is not AccountState.THERE:
            said = "made the account" if each.state is AccountState.MADE else "gave another password to the account"
            log.record(
                Level.INFO, "accounts", f"account_{each.state}", f"{said} {each.account}", provider=each.provider
            )


def _new_password() -> str:
    while True:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        if all(any(sign in kind for sign in password) for kind in _KINDS):
            return password
