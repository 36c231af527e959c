"""Grants as MySQL and MariaDB print them: parsing, what they cover, and the statements that change them.

A database name in a grant is a pattern: ``%`` matches any text and ``_`` any character, unless a backslash precedes it.
Of all patterns that match a database, only the most specific one counts, for each account and role.
"""

import re
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from sqlalchemy.dialects import mysql

EVERYTHING = "ALL PRIVILEGES"
GRANT_OPTION = "GRANT OPTION"
ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""The rights to read and write rows."""
ADDING, CHANGING = ROWS[:2], ROWS[2:]
"""The rights to read and insert rows, and the other rights, to change rows."""
TABLES = ("CREATE", "ALTER", "INDEX", "REFERENCES", "DROP")
"""The other rights that are needed to create and migrate databases."""
_NOTHING = "USAGE"
_NAME = r"(?:`(?:[^`]|``)*`|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
_GRANT = re.compile(
    rf"GRANT (?P<rights>.+?) ON (?P<database>\*|{_NAME})\.\* TO (?P<holder>{_NAME}(?:@{_NAME})?)(?P<rest>.*)", re.DOTALL
)
_TABLE_GRANT = re.compile(
    rf"GRANT (?P<rights>[A-Z ,]+) ON (?P<database>{_NAME})\.(?P<table>{_NAME}) TO (?P<holder>{_NAME}(?:@{_NAME})?)"
)
_SIGNS = re.compile(r"\\?.", re.DOTALL)
_WILD = {"%": ".*", "_": "."}
_FEW = 5
# For messages: the driver's own preparer doubles each %.
_PREPARER = mysql.dialect(paramstyle="named").identifier_preparer


class Grant(NamedTuple):
    """Rights of an account, or of one of its roles, in the databases that match a pattern."""

    holder: str
    """Quoted as in a statement."""
    pattern: str | None
    """None for all databases and the server itself."""
    rights: frozenset[str]

    @property
    def object(self) -> str:
        """What the rights are on, as a statement names it."""
        return "*.*" if self.pattern is None else on(self.pattern)

    def covers(self, database: str, *, literally: bool = False) -> bool:
        """Whether it applies to a database; ``literally`` if names in grants are no patterns."""
        if self.pattern is None or literally:
            return self.pattern is None or self.pattern == database
        return re.fullmatch("".join(map(_matching, _SIGNS.findall(self.pattern))), database, re.DOTALL) is not None

    def wild_signs(self, prefix: str) -> list[str]:
        """The wildcards within the prefix: with them the pattern also matches names without the prefix."""
        signs = _SIGNS.findall(self.pattern or "")[: len(prefix)]
        return [wild for wild in _WILD if wild in signs]


class TableGrant(NamedTuple):
    """Rights of an account on one table. The name of the database is not a pattern."""

    holder: str
    database: str
    table: str
    rights: frozenset[str]

    @property
    def object(self) -> str:
        """What the rights are on, as a statement names it."""
        return f"{identifier(self.database)}.{identifier(self.table)}"


def parse_table(line: str) -> TableGrant | None:
    """The rights on a whole table in a line of ``SHOW GRANTS``; None if the line is about anything else."""
    found = _TABLE_GRANT.fullmatch(line.rstrip())
    if found is None:
        return None
    rights = frozenset(right.strip() for right in found["rights"].split(","))
    return TableGrant(found["holder"], _unquoted(found["database"]), _unquoted(found["table"]), rights)


def parse(line: str) -> Grant | None:
    """The rights in databases in a line of ``SHOW GRANTS``; None if it is about a role, table, routine or proxy.

    The text after the account is dropped: some servers print the password's hash there.
    """
    found = _GRANT.fullmatch(line)
    if found is None:
        return None
    rights = {right.strip().upper() for right in found["rights"].split(",")} - {_NOTHING}
    if f"WITH {GRANT_OPTION}" in found["rest"]:
        rights.add(GRANT_OPTION)
    pattern = None if found["database"] == "*" else _unquoted(found["database"])
    return Grant(found["holder"], pattern, frozenset(rights))


def rights_in(grants: Iterable[Grant], database: str, *, literally: bool = False) -> frozenset[str]:
    """All rights in a database."""
    covering = [grant for grant in grants if grant.covers(database, literally=literally)]
    counting = [grant for grant in covering if grant.pattern is None]
    for holder in {grant.holder for grant in covering}:
        own = [grant for grant in covering if grant.holder == holder and grant.pattern is not None]
        counting += sorted(own, key=lambda grant: specificity(str(grant.pattern)))[-1:]
    return frozenset[str]().union(*(grant.rights for grant in counting))


def specificity(pattern: str) -> float:
    """The server's own measure: the later the first wildcard, the more specific the pattern."""
    signs = _SIGNS.findall(pattern)
    first = next((number for number, sign in enumerate(signs) if sign in _WILD), None)
    return inf if first is None else len("".join(signs[:first]))


def lacking(wanted: Iterable[str], rights: frozenset[str]) -> list[str]:
    """The wanted rights that are missing in ``rights``."""
    return [] if EVERYTHING in rights else [right for right in wanted if right not in rights]


def exactly(name: str) -> str:
    """The pattern that matches this name and no other."""
    return re.sub(r"[_%\\]", r"\\\g<0>", name)


def on(pattern: str) -> str:
    """The databases that match a pattern, as a statement names them."""
    return f"{identifier(pattern)}.*"


def identifier(name: str) -> str:
    """A quoted name."""
    return _PREPARER.quote_identifier(name)


def granting(rights: Sequence[str], pattern: str, account: str) -> str:
    """The statement that grants rights."""
    return f"GRANT {', '.join(rights)} ON {on(pattern)} TO {account};"


def revoking(grant: Grant | TableGrant) -> str:
    """The statements that revoke all rights of a grant."""
    rights = sorted(grant.rights - {GRANT_OPTION})
    listed = ", ".join(rights) if len(rights) <= _FEW else EVERYTHING
    statements = [f"REVOKE {listed} ON {grant.object} FROM {grant.holder};"] if rights else []
    if GRANT_OPTION in grant.rights:
        statements.append(f"REVOKE {GRANT_OPTION} ON {grant.object} FROM {grant.holder};")
    return " ".join(statements)


def _matching(sign: str) -> str:
    return _WILD.get(sign) or re.escape(sign[-1])


def _unquoted(name: str) -> str:
    return name[1:-1].replace(name[0] * 2, name[0])
