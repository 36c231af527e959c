"""Results as JSON."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any


def to_json(result: object) -> str:
    """A result of this package, or several in lists and mappings, as one JSON document.

    A dataclass is an object of its fields, an enum its value, a moment ISO 8601 in UTC with "Z", a date ISO 8601.
    The text has a UTF-8 form whatever it holds, and commands no terminal. Raises TypeError for a value of another kind.
    """
    return _harmless(json.dumps(_plain(result), ensure_ascii=False, indent=2))


def to_json_line(result: object) -> str:
    """``to_json`` without a line break: one of many documents in a stream."""
    return _harmless(json.dumps(_plain(result), ensure_ascii=False))


def _harmless(text: str) -> str:
    """The same document, whose letters stand for themselves; what would not show is escaped.

    That is what commands a terminal or turns the direction of its text, and half of a surrogate pair out of a file's
    name, which has no UTF-8 form.
    """
    return "\n".join(
        line if line.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
        for line in text.split("\n")
    )


def _plain(value: object) -> Any:
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {_plain(key): _plain(part) for key, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"no JSON for {type(value).__name__}")
