"""SQL literals, the same in the VALUES of a statement and in the data of LOAD DATA."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from webautodash.database.products.inserts import plain_time
from webautodash.domain.bounded_cache import BoundedCache

_SHORT = 100
_SMALL = 1000
_KEPT_LITERALS = 1 << 14
_SAMPLE = 64
# A separator that no text of a portal contains; also between two literals.
_APART = "\x1f"
_BETWEEN = f"'{_APART}'"
_SPECIAL = re.compile(r"""[\0\\\n\r\x1a"']""")
_ESCAPES = str.maketrans({"\0": "\\0", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", '"': '\\"', "'": "\\'"})


def literals_of(connection: Connection) -> BoundedCache[Any, bytes]:
    """The connection's cache of literals; batches repeat most of their values."""
    cache: BoundedCache[Any, bytes] | None = connection.info.get("literals")
    if cache is None:
        cache = connection.info["literals"] = BoundedCache(_literal, _is_worth_keeping, _KEPT_LITERALS)
    return cache


def column_literals(values: Sequence[Any], literals: BoundedCache[Any, bytes]) -> Iterable[bytes]:
    """The literals of a column: cached ones, or, for texts that rarely repeat, all formatted in one step."""
    sample = values[:_SAMPLE]
    if len(sample) == _SAMPLE and isinstance(sample[0], str) and len(set(sample)) > _SAMPLE // 2:
        try:
            texts = _APART.join(values)
        except TypeError:  # there are NULLs
            pass
        else:
            if texts.count(_APART) == len(values) - 1:
                escaped = _SPECIAL.sub(lambda found: _ESCAPES[ord(found[0])], texts)
                return f"'{escaped.replace(_APART, _BETWEEN)}'".encode().split(_APART.encode())
    return map(literals.__getitem__, values)


def _is_worth_keeping(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT
    # Row numbers do not repeat.
    return not isinstance(value, int) or value < _SMALL


def _literal(value: Any) -> bytes:
    """An SQL literal in UTF-8, for utf8mb4 connections with backslash escapes (this program sets ``sql_mode``)."""
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
