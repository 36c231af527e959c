"""AccountRights as rights of MySQL and MariaDB: what to grant on which patterns, and what is in excess."""

from collections.abc import Sequence

from webautodash.database.products.accounts import AccountRights, ExcessRights, HeldRights
from webautodash.database.products.mysql.grants import (
    ADDING,
    CHANGING,
    ROWS,
    TABLES,
    Grant,
    TableGrant,
    exactly,
    revoking,
)
from webautodash.database.products.mysql.status import Held
from webautodash.errors import UsageError


def in_databases(wanted: AccountRights) -> tuple[str, ...]:
    """The rights in all tables of its databases, including tables that a migration adds later."""
    return (*ROWS, *TABLES) if wanted.changes_schema else ADDING


def on_tables(wanted: AccountRights) -> tuple[str, ...]:
    """The other rights, on single tables: a server cannot exempt tables from rights on a whole database."""
    return CHANGING if wanted.changeable_tables else ()


def patterns_of(wanted: AccountRights, *, literally: bool) -> list[str]:
    """The patterns that match its databases and no others; ``literally`` if names in grants are no patterns.

    Raises UsageError if no pattern can match databases that do not exist yet.
    """
    return [_pattern(database, literally=literally) for database in wanted.databases]


def _pattern(database: str, *, literally: bool) -> str:
    if not database.endswith("%"):
        return database if literally else exactly(database)
    if literally:
        raise UsageError(
            "partial_revokes is ON: a grant matches one name exactly, so no account can create the databases of new "
            "providers: SET PERSIST partial_revokes = OFF"
        )
    return exactly(database.removesuffix("%")) + "%"


def compare(wanted: AccountRights, held: Held, patterns: Sequence[str]) -> HeldRights:
    """What an account may do, compared with what it should be allowed in the databases that match the patterns."""
    more: list[Grant | TableGrant] = [
        grant._replace(rights=grant.rights - (set(in_databases(wanted)) if grant.pattern in patterns else set()))
        for grant in held.grants
    ]
    more += [
        grant._replace(rights=grant.rights - (set(on_tables(wanted)) if _is_wanted(wanted, grant) else set()))
        for grant in held.tables
    ]
    return HeldRights(
        is_empty=not (held.grants or held.tables),
        excess=tuple(_excess(wanted, grant, patterns) for grant in more if grant.rights),
        others=tuple(held.others),
    )


def _is_wanted(wanted: AccountRights, grant: TableGrant) -> bool:
    return grant.database in wanted.databases and grant.table in wanted.changeable_tables


def _excess(wanted: AccountRights, grant: Grant | TableGrant, patterns: Sequence[str]) -> ExcessRights:
    # Earlier versions granted the change of rows in the whole database, append-only tables included.
    own = grant.pattern in patterns if isinstance(grant, Grant) else grant.database in wanted.databases
    is_revoked = own and grant.rights <= set(on_tables(wanted))
    return ExcessRights(grant.holder, tuple(sorted(grant.rights)), grant.object, is_revoked, revoking(grant))
