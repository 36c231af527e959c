"""The status of a server, and the rights of the connecting account."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, CursorResult, text

from webautodash.database.products.mysql.grants import Grant, TableGrant, identifier, parse, parse_table
from webautodash.database.products.mysql.server_settings import (
    STATE,
    VARIABLES,
    durability_problems,
    setting_problems,
)
from webautodash.database.products.product_server import ServerProblem, ServerStatus

# The first version of MySQL with a row alias in upserts.
_OLDEST = {"MySQL": (8, 0, 19), "MariaDB": (10, 5)}
_NO_ROLE = "NONE"
_ROLE = re.compile(r"`(?:[^`]|``)*`@`(?:[^`]|``)*`")


class Held(NamedTuple):
    """What an account may do."""

    grants: list[Grant]
    tables: list[TableGrant]
    others: list[str]
    """Other grants, as the server prints them: roles, rights on single columns or routines, PROXY."""


def status_of(connection: Connection, *, network: bool) -> ServerStatus:
    """The status of the server behind a connection."""
    product = "MariaDB" if _is_mariadb(connection) else "MySQL"
    cipher = _variables(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").get("ssl_cipher")
    oldest = _OLDEST[product]
    variables = _variables(connection, f"SHOW GLOBAL VARIABLES WHERE Variable_name IN {VARIABLES}")
    variables |= _variables(connection, f"SHOW GLOBAL STATUS LIKE '{STATE}'")
    return ServerStatus(
        product=product,
        version=str(connection.exec_driver_sql("SELECT VERSION()").scalar_one()),
        oldest=".".join(map(str, oldest)),
        too_old=tuple(connection.dialect.server_version_info or oldest)[: len(oldest)] < oldest,
        account=quoted(*authenticated(connection)),
        network=network,
        cipher=cipher or None,
        seconds_ahead=_seconds_ahead(connection),
        durability=tuple(durability_problems(variables)),
        settings=tuple(setting_problems(variables)),
    )


def authenticated(connection: Connection) -> tuple[str, str]:
    """The account that the server authenticated: its name, and the hosts that it may connect from."""
    name, _, host = str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one()).rpartition("@")
    return name, host


def quoted(name: str, host: str) -> str:
    """An account, quoted as in a statement."""
    return f"{identifier(name)}@{identifier(host)}"


def grants_of(connection: Connection) -> list[Grant]:
    """The account's rights, its own and those of its default roles."""
    active = _NO_ROLE if _is_mariadb(connection) else _role(connection)
    if active == _NO_ROLE:  # MariaDB lists the rights of roles under the role's name
        return held_by(connection, "SHOW GRANTS").grants
    # MySQL lists them as the account's own; this is the only way to see the rights of a single role.
    _send(connection, f"SET ROLE {_NO_ROLE}")
    try:
        own = found = held_by(connection, "SHOW GRANTS").grants
        for role in _ROLE.findall(active):
            together = held_by(connection, f"SHOW GRANTS FOR CURRENT_USER() USING {role}").grants
            found = found + [grant._replace(holder=role) for grant in _beyond(together, own)]
    finally:
        _send(connection, f"SET ROLE {active}")
    return found


def charset_problems(connection: Connection, database: str) -> list[ServerProblem]:
    """A database whose new tables could not store every character."""
    found = connection.execute(
        text("SELECT default_character_set_name FROM information_schema.schemata WHERE schema_name = :name"),
        {"name": database},
    ).scalar()
    if found in {None, "utf8mb4"}:
        return []
    message = f"new tables would use {found}, which cannot store every character"
    advice = f"ALTER DATABASE {identifier(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;"
    return [ServerProblem("warning", "database.charset", database, message, advice)]


def is_literal(connection: Connection) -> bool:
    """Whether names in grants are no patterns (``partial_revokes``)."""
    return _variables(connection, "SHOW GLOBAL VARIABLES LIKE 'partial_revokes'").get("partial_revokes") == "ON"


def held_by(connection: Connection, statement: str, *values: str) -> Held:
    """The grants that a statement shows, merged for each holder and pattern."""
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
    """The rights in the first grants that the others lack."""
    without = {grant.pattern: grant.rights for grant in own}
    for grant in together:
        if more := grant.rights - without.get(grant.pattern, frozenset()):
            yield grant._replace(rights=more)


def _role(connection: Connection) -> str:
    return str(_send(connection, "SELECT CURRENT_ROLE()").scalar())


def _send(connection: Connection, statement: str, *values: str) -> CursorResult[Any]:
    if values:
        return connection.exec_driver_sql(statement, values)
    # The host of a role may be %, which the driver would take for a parameter.
    return connection.exec_driver_sql(statement.replace("%", "%%"))


def _seconds_ahead(connection: Connection) -> float:
    before = datetime.now(UTC)
    server_time = connection.exec_driver_sql("SELECT UTC_TIMESTAMP(6)").scalar_one()
    after = datetime.now(UTC)
    # The server read its clock at some moment between the two.
    return float((server_time.replace(tzinfo=UTC) - before - (after - before) / 2).total_seconds())


def _variables(connection: Connection, statement: str) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in connection.exec_driver_sql(statement)}


def _is_mariadb(connection: Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))
