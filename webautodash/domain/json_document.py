"""JSON that is written: results for programs, and values that are stored as text."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

INLINE = {"inline": True}
"""Metadata of a dataclass field: the entries of the mapping become members of the object that has the field."""
NOT_IN_JSON = {"omitted": True}
"""Metadata of a dataclass field that is left out."""


def sorted_json(value: object) -> str:
    """A JSON value as text that is stored and compared: keys sorted, letters not escaped."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def to_json(result: object) -> str:
    """A result of this package, or several in lists and mappings, as one JSON document.

    A dataclass becomes an object, an enum its value, a datetime ISO 8601 in UTC with "Z", a date ISO 8601. The text is
    valid UTF-8 and safe to print on a terminal. Raises TypeError for any other type.
    """
    return _escaped(json.dumps(result, ensure_ascii=False, indent=2, default=_plain))


def to_json_line(result: object) -> str:
    """``to_json`` without line breaks: one of many documents in a stream."""
    return _escaped(json.dumps(result, ensure_ascii=False, default=_plain))


def _escaped(text: str) -> str:
    """Escape what is not printable: control characters, bidirectional overrides, and lone surrogates of file names."""
    return "\n".join(
        line if line.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
        for line in text.split("\n")
    )


def _plain(value: object) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return dict(value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"no JSON for {type(value).__name__}")
    members: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        if field.metadata.get("omitted"):
            continue
        part = getattr(value, field.name)
        members |= part if field.metadata.get("inline") else {field.name: part}
    return members
