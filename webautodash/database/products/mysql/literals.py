"""Values as MySQL and MariaDB read them: the same words in the VALUES of a statement and in the data of a load."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from webautodash.domain.bounded_cache import BoundedCache

_SHORT = 100
_SMALL = 1000
_KEPT_LITERALS = 1 << 14
_SAMPLE = 64
# A sign that no text of a portal has, and between two literals.
_APART = "\x1f"
_BETWEEN = f"'{_APART}'"
_SPECIAL = re.compile(r"""[\0\\\n\r\x1a"']""")
_ESCAPES = str.maketrans({"\0": "\\0", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", '"': '\\"', "'": "\\'"})


def literals_of(connection: Connection) -> BoundedCache[Any, bytes]:
    """The literals that this connection has written; batches repeat most of their values."""
    known: BoundedCache[Any, bytes] | None = connection.info.get("literals")
    if known is None:
        known = connection.info["literals"] = BoundedCache(_literal, _is_worth_keeping, _KEPT_LITERALS)
    return known


def worded(values: Sequence[Any], literals: BoundedCache[Any, bytes]) -> Iterable[bytes]:
    """The literals of a column: remembered ones, or for texts that hardly repeat all of them in one go."""
    sample = values[:_SAMPLE]
    if len(sample) == _SAMPLE and isinstance(sample[0], str) and len(set(sample)) > _SAMPLE // 2:
        try:
            texts = _APART.join(values)
        except TypeError:  # NULL among them
            pass
        else:
            if texts.count(_APART) == len(values) - 1:
                escaped = _SPECIAL.sub(lambda found: _ESCAPES[ord(found[0])], texts)
                return f"'{escaped.replace(_APART, _BETWEEN)}'".encode().split(_APART.encode())
    return map(literals.__getitem__, values)


def _is_worth_keeping(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT
    # Numbers of rows do not come again.
    return not isinstance(value, int) or value < _SMALL


def _literal(value: Any) -> bytes:
    """An SQL literal in UTF-8, for a connection that is utf8mb4 and takes backslash escapes (``sql_mode`` is ours)."""
    if isinstance(value, str):
        literal = f"'{value.translate(_ESCAPES) if _SPECIAL.search(value) else value}'"
    elif value is None:
        literal = "NULL"
    elif isinstance(value, int):
        literal = str(int(value))
    elif isinstance(value, date):
        literal = f"'{plain_time(value)}'"
    else:
        raise TypeError(f"a column cannot hold a {type(value).__name__}")
    return literal.encode()


def plain_time(value: date | None) -> str | None:
    """A day as ISO, an aware instant as the UTC text that every product's columns take."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value if value is None else value.isoformat()
