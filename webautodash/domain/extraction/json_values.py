"""JSON values."""

from collections.abc import Mapping
from typing import Any

import msgspec

from webautodash.domain.limits import SHORT_TEXT_LENGTH, nested_too_deeply
from webautodash.errors import (
    UnreadablePatient,
)


def decode_patient(raw: msgspec.Raw) -> dict[str, Any]:
    """One patient as plain JSON values. Raises ValueError or RecursionError where it is none."""
    value = msgspec.json.decode(raw)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def raw_text(raw: msgspec.Raw) -> str:
    """A patient's JSON as it stands in the file."""
    return bytes(raw).decode("utf-8")


def take_text(rest: dict[str, Any], key: str, length: int = SHORT_TEXT_LENGTH) -> str | None:
    """Take a text or a number out of ``rest``; what is neither, or too long, stays there."""
    text = scalar_text(rest.get(key))
    if text is None or len(text) > length:
        return None
    del rest[key]
    return text


def scalar_text(value: object) -> str | None:
    """A JSON text or number as text, None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def unmapped(rest: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    """What found no column, without nulls. Raises UnreadablePatient where it is nested beyond all sense."""
    if not rest:
        return None
    extra = {key: value for key, value in rest.items() if value is not None}
    if any(nested_too_deeply(value) for value in extra.values()):
        raise UnreadablePatient("nested_too_deeply", where)
    return extra or None
