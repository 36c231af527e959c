"""What the account of each database is to be allowed, and whether it may do more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.database.products.mysql.grants import ADDING, CHANGING, ROWS, TABLES, Grant, TableGrant, exactly
from webautodash.database.products.mysql.health import Held
from webautodash.domain.naming import account_name, migrations_account_name
from webautodash.errors import UsageError
from webautodash.models.base import ProviderBase, SystemBase, append_only_tables, changeable_tables
from webautodash.repositories.providers import RegisteredProvider


@dataclass(frozen=True, slots=True)
class OwnRights:
    """What the account of one database, or the one for migrations, is to be allowed."""

    account: str
    databases: tuple[str, ...]
    """Their names; one that ends in ``%`` stands for all that begin so."""
    rights: tuple[str, ...]
    """In all tables, also those that a migration adds."""
    asked_by: str
    """What `webautodash provider grant` is given for it: the provider's slug, or an option."""
    provider: str | None = None
    table_rights: tuple[str, ...] = ()
    """Besides, on each of ``tables``: a server cannot leave single tables out of rights on a whole database."""
    tables: tuple[str, ...] = ()
    append_only: tuple[str, ...] = ()
    """Tables whose rows are never changed or deleted."""

    def tables_in(self, there: Collection[str]) -> list[str]:
        """Those of ``tables`` that a database has: one that is behind lacks some."""
        return [table for table in self.tables if table in there]


def of_provider(provider: RegisteredProvider) -> OwnRights:
    """The rows of their database."""
    return _of_database(provider.database_name, provider.slug, provider.slug, ProviderBase)


def of_system(settings: Settings) -> OwnRights:
    """The rows of the system database."""
    return _of_database(settings.system_database_name, "--system", None, SystemBase)


def _of_database(
    name: str, asked_by: str, provider: str | None, base: type[ProviderBase] | type[SystemBase]
) -> OwnRights:
    return OwnRights(
        account_name(name),
        (name,),
        ADDING,
        asked_by,
        provider,
        table_rights=CHANGING,
        tables=changeable_tables(base),
        append_only=append_only_tables(base),
    )


def of_migrations(settings: Settings, providers: Sequence[RegisteredProvider]) -> OwnRights:
    """All databases of the prefix, made and changed, and those that have other names."""
    prefix = settings.database_prefix
    known = (settings.system_database_name, *(provider.database_name for provider in providers))
    others = tuple(name for name in known if not name.startswith(prefix))
    return OwnRights(migrations_account_name(prefix), (f"{prefix}%", *others), (*ROWS, *TABLES), "--migrations")


def of_databases(settings: Settings, providers: Sequence[RegisteredProvider]) -> list[OwnRights]:
    """The system database's and each provider's."""
    return [of_system(settings), *map(of_provider, providers)]


def beyond(wanted: OwnRights, held: Held, patterns: Sequence[str]) -> list[Grant | TableGrant]:
    """What an account may do that it is not to be allowed."""
    more = [
        grant_._replace(rights=grant_.rights - (set(wanted.rights) if grant_.pattern in patterns else set()))
        for grant_ in held.grants
    ]
    on_tables = [
        grant_._replace(rights=grant_.rights - (set(wanted.table_rights) if _is_wanted(wanted, grant_) else set()))
        for grant_ in held.tables
    ]
    found: list[Grant | TableGrant] = [*more, *on_tables]
    return [grant_ for grant_ in found if grant_.rights]


def _is_wanted(wanted: OwnRights, on_table: TableGrant) -> bool:
    return on_table.database in wanted.databases and on_table.table in wanted.tables


def is_taken_back(wanted: OwnRights, more: Grant | TableGrant, patterns: Sequence[str]) -> bool:
    """Whether `webautodash provider grant` takes back what an account may do beyond what is wanted.

    That is what an earlier version gave: the change of rows in the whole database, append-only tables among them.
    """
    own = more.pattern in patterns if isinstance(more, Grant) else more.database in wanted.databases
    return own and more.rights <= set(wanted.table_rights)


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
