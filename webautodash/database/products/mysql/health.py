"""What a MySQL or MariaDB server says of itself and of the account that asks."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, text

from webautodash.database.products.health import Health
from webautodash.database.products.mysql.grants import Grant, TableGrant, identifier, parse, parse_table

# MySQL words an upsert with a row alias since then.
_OLDEST = {"MySQL": (8, 0, 19), "MariaDB": (10, 5)}
_VARIABLES = (
    "character_set_server",
    "general_log",
    "innodb_doublewrite",
    "innodb_flush_log_at_trx_commit",
    "innodb_flush_method",
    "innodb_read_only",
    "log_bin",
    "max_allowed_packet",
    "partial_revokes",
    "read_only",
    "slow_query_log",
    "sql_mode",
    "super_read_only",
    "sync_binlog",
)
# What MySQL tells as its state though a statement sets it.
_STATE = "innodb_redo_log_enabled"
_NO_ROLE = "NONE"
_ROLE = re.compile(r"`(?:[^`]|``)*`@`(?:[^`]|``)*`")


class Held(NamedTuple):
    """What an account may do."""

    grants: list[Grant]
    tables: list[TableGrant]
    others: list[str]
    """Other grants as the server prints them: roles, rights on single columns or routines, PROXY."""


def health_of(connection: Connection, *, network: bool) -> Health:
    """The server behind a connection."""
    version, account = connection.execute(text("SELECT VERSION(), CURRENT_USER()")).one()
    product = "MariaDB" if _is_mariadb(connection) else "MySQL"
    cipher = _listed(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").get("ssl_cipher")
    oldest = _OLDEST[product]
    return Health(
        product=product,
        version=str(version),
        oldest=".".join(map(str, oldest)),
        too_old=tuple(connection.dialect.server_version_info or oldest)[: len(oldest)] < oldest,
        account=_quoted_account(str(account)),
        network=network,
        cipher=cipher or None,
        seconds_ahead=_seconds_ahead(connection),
        variables=_listed(connection, f"SHOW GLOBAL VARIABLES WHERE Variable_name IN {_VARIABLES}")
        | _listed(connection, f"SHOW GLOBAL STATUS LIKE '{_STATE}'"),
    )


def grants_of(connection: Connection) -> list[Grant]:
    """What the account may do, by itself and by the roles that it is given as it connects."""
    active = _NO_ROLE if _is_mariadb(connection) else _role(connection)
    if active == _NO_ROLE:  # MariaDB names roles, and lists their rights as theirs
        return held_by(connection, "SHOW GRANTS").grants
    # MySQL lists them as the account's own, and lets it look at a role alone only so.
    _send(connection, f"SET ROLE {_NO_ROLE}")
    try:
        own = found = held_by(connection, "SHOW GRANTS").grants
        for role in _ROLE.findall(active):
            together = held_by(connection, f"SHOW GRANTS FOR CURRENT_USER() USING {role}").grants
            found = found + [grant._replace(holder=role) for grant in _beyond(together, own)]
    finally:
        _send(connection, f"SET ROLE {active}")
    return found


def properties_of(connection: Connection, database: str) -> dict[str, str]:
    """What new tables of a database take over from it."""
    found = connection.execute(
        text(
            "SELECT default_character_set_name AS character_set, default_collation_name AS collation "
            "FROM information_schema.schemata WHERE schema_name = :name"
        ),
        {"name": database},
    ).first()
    return {} if found is None else {"character_set": str(found.character_set), "collation": str(found.collation)}


def is_literal(connection: Connection) -> bool:
    """Whether a name in a grant is just that name, without signs that stand for others."""
    return _listed(connection, "SHOW GLOBAL VARIABLES LIKE 'partial_revokes'").get("partial_revokes") == "ON"


def held_by(connection: Connection, statement: str, *values: str) -> Held:
    """What a statement that shows grants says, a grant for each holder and pattern."""
    merged: dict[tuple[str, str | None], frozenset[str]] = {}
    tables, others = list[TableGrant](), list[str]()
    for line in map(str, _send(connection, statement, *values).scalars()):
        if (on_table := parse_table(line)) is not None:
            tables.append(on_table)
            continue
        if (grant := parse(line)) is None:
            others.append(line.partition(" IDENTIFIED ")[0])
            continue
        key = grant.holder, grant.pattern
        merged[key] = merged.get(key, frozenset()) | grant.rights
    grants = [Grant(holder, pattern, rights) for (holder, pattern), rights in merged.items() if rights]
    return Held(grants, tables, others)


def _beyond(together: Sequence[Grant], own: Sequence[Grant]) -> Iterator[Grant]:
    """What is in the first grants and not in the others."""
    known = {grant.pattern: grant.rights for grant in own}
    for grant in together:
        if more := grant.rights - known.get(grant.pattern, frozenset()):
            yield grant._replace(rights=more)


def _role(connection: Connection) -> str:
    return str(_send(connection, "SELECT CURRENT_ROLE()").scalar())


def _send(connection: Connection, statement: str, *values: str) -> CursorResult[Any]:
    if values:
        return connection.exec_driver_sql(statement, values)
    # A role's host may be the driver's sign for a parameter.
    return connection.exec_driver_sql(statement.replace("%", "%%"))


def _seconds_ahead(connection: Connection) -> float:
    before = datetime.now(UTC)
    there = connection.exec_driver_sql("SELECT UTC_TIMESTAMP(6)").scalar_one()
    after = datetime.now(UTC)
    # The server looked at its clock somewhere between.
    return float((there.replace(tzinfo=UTC) - before - (after - before) / 2).total_seconds())


def _listed(connection: Connection, statement: str) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in connection.exec_driver_sql(statement)}


def _quoted_account(account: str) -> str:
    name, _, host = account.rpartition("@")
    return "@".join(map(identifier, (name, host)))


def _is_mariadb(connection: Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))
