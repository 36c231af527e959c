"""What the account of each database is to be allowed, and whether it may do more."""

from collections.abc import Sequence
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.database.dialects.grants import ROWS, TABLES, Grant, exactly
from webautodash.domain.naming import account_name, migrations_account_name
from webautodash.errors import UsageError
from webautodash.repositories.providers import RegisteredProvider


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


def _pattern(database: str, *, literally: bool) -> str:
    if not database.endswith("%"):
        return database if literally else exactly(database)
    if literally:
        raise UsageError(
            "partial_revokes is ON: a grant fits one name exactly, so no account can make the databases of new "
            "providers: SET PERSIST partial_revokes = OFF"
        )
    return exactly(database.removesuffix("%")) + "%"
