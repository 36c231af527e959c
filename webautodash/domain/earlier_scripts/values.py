"""Values in the rows of the earlier scripts."""

import ast
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from webautodash.domain.limits import nested_too_deeply

LegacyRow = Mapping[str, Any]
"""A row of a table of the earlier scripts."""

_LONGEST_PRINTED = 1 << 16


def stored_text(value: Any) -> str | None:
    """A value as text, dates as ISO. None for an empty text."""
    if value is None or isinstance(value, str):
        return value or None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def stored_day(value: Any) -> date | None:
    """A DATE; None for a date that the calendar does not have, which the driver returns as text."""
    return value if isinstance(value, date) else None


def printed_item(text: str | None) -> dict[str, Any] | None:
    """Parse the printed form of a dictionary, which the scripts stored as text; None for any other text."""
    if not text or not text.startswith("{") or not text.endswith("}") or len(text) > _LONGEST_PRINTED:
        return None
    try:
        with warnings.catch_warnings():
            # The warning about a backslash would quote the text.
            warnings.simplefilter("ignore", SyntaxWarning)
            item = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    plain = isinstance(item, dict) and all(isinstance(key, str) for key in item) and _is_json(item)
    return item if plain else None


def _is_json(value: Any) -> bool:
    if nested_too_deeply(value):
        return False
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(part) for key, part in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float | bool)
