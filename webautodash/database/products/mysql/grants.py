"""Who may do what in which databases, as MySQL and MariaDB print it.

A name in a grant is a pattern: ``%`` stands for any text and ``_`` for any character, unless a backslash is before it.
Of all patterns that fit a database a server takes the most specific one alone, for each account and role.
"""

import re
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from sqlalchemy.dialects import mysql

EVERYTHING = "ALL PRIVILEGES"
GRANT_OPTION = "GRANT OPTION"
ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What reading and writing rows needs."""
ADDING, CHANGING = ROWS[:2], ROWS[2:]
"""What they need where rows are only added, and what changing rows needs besides."""
TABLES = ("CREATE", "ALTER", "INDEX", "REFERENCES", "DROP")
"""What making databases and migrating them needs besides."""
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
# For a person: the driver's own would double each %.
_PREPARER = mysql.dialect(paramstyle="named").identifier_preparer


class Grant(NamedTuple):
    """Rights of an account, or of a role that it has, in the databases that a pattern fits."""

    holder: str
    """As a statement names it."""
    pattern: str | None
    """None for all databases, and the server itself."""
    rights: frozenset[str]

    @property
    def object(self) -> str:
        """What the rights are on, as a statement names it."""
        return "*.*" if self.pattern is None else on(self.pattern)

    def covers(self, database: str, *, literally: bool = False) -> bool:
        """Whether it has anything to do with a database of this name; ``literally`` where no sign stands for others."""
        if self.pattern is None or literally:
            return self.pattern is None or self.pattern == database
        return re.fullmatch("".join(map(_matching, _SIGNS.findall(self.pattern))), database, re.DOTALL) is not None

    def wild_signs(self, prefix: str) -> list[str]:
        """The wildcards within the prefix: with them the pattern also fits names with another beginning."""
        signs = _SIGNS.findall(self.pattern or "")[: len(prefix)]
        return [wild for wild in _WILD if wild in signs]


class TableGrant(NamedTuple):
    """Rights of an account on one table; the name of its database holds no wildcards."""

    holder: str
    database: str
    table: str
    rights: frozenset[str]

    @property
    def object(self) -> str:
        """What the rights are on, as a statement names it."""
        return f"{identifier(self.database)}.{identifier(self.table)}"


def parse_table(line: str) -> TableGrant | None:
    """The rights on a whole table that a line of ``SHOW GRANTS`` gives; None where it gives anything else."""
    found = _TABLE_GRANT.fullmatch(line.rstrip())
    if found is None:
        return None
    rights = frozenset(right.strip() for right in found["rights"].split(","))
    return TableGrant(found["holder"], _unquoted(found["database"]), _unquoted(found["table"]), rights)


def parse(line: str) -> Grant | None:
    """What a line of ``SHOW GRANTS`` gives; None where that is a role, a table, a routine, or a proxy.

    What stands behind the account is not kept: some servers print the password's hash there.
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
    """All that may be done in a database."""
    covering = [grant for grant in grants if grant.covers(database, literally=literally)]
    counting = [grant for grant in covering if grant.pattern is None]
    for holder in {grant.holder for grant in covering}:
        own = [grant for grant in covering if grant.holder == holder and grant.pattern is not None]
        counting += sorted(own, key=lambda grant: specificity(str(grant.pattern)))[-1:]
    return frozenset[str]().union(*(grant.rights for grant in counting))


def specificity(pattern: str) -> float:
    """The server's own measure: the later the first sign that stands for others, the more specific a pattern."""
    signs = _SIGNS.findall(pattern)
    first = next((number for number, sign in enumerate(signs) if sign in _WILD), None)
    return inf if first is None else len("".join(signs[:first]))


def lacking(wanted: Iterable[str], rights: frozenset[str]) -> list[str]:
    """Those of the wanted rights that are not among ``rights``."""
    return [] if EVERYTHING in rights else [right for right in wanted if right not in rights]


def exactly(name: str) -> str:
    """The pattern that fits this name and no other."""
    return re.sub(r"[_%\\]", r"\\\g<0>", name)


def on(pattern: str) -> str:
    """The databases of a pattern, as a statement names them."""
    return f"{identifier(pattern)}.*"


def identifier(name: str) -> str:
    """A name as a statement has it."""
    return _PREPARER.quote_identifier(name)


def granting(rights: Sequence[str], pattern: str, account: str) -> str:
    """The statement that gives rights."""
    return f"GRANT {', '.join(rights)} ON {on(pattern)} TO {account};"


def revoking(grant: Grant | TableGrant) -> str:
    """The statements that take all rights of a grant away."""
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
