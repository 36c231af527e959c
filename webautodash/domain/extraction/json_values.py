"""JSON values: decoding a patient, and taking values out of an object."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from webautodash.domain.limits import SHORT_TEXT_LENGTH, nested_too_deeply
from webautodash.errors import UnreadablePatient


def decode_patient(raw: msgspec.Raw) -> dict[str, Any]:
    """A patient as plain JSON values. Raises ValueError or RecursionError if it is not valid."""
    value = msgspec.json.decode(raw)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


@cache
def value_type(keys: tuple[str, ...], kind: Any) -> Any:
    """The type of a document that has a ``kind`` at a path of keys; ``value_at`` returns that value."""
    for key in reversed(keys):
        kind = msgspec.defstruct("members", [("inner", kind, msgspec.field(name=key))])
    return kind


def value_at(keys: tuple[str, ...], decoded: Any) -> Any:
    """The value at a path in what was decoded as ``value_type``."""
    for _ in keys:
        decoded = decoded.inner
    return decoded


def raw_text(raw: msgspec.Raw) -> str:
    """A patient's JSON exactly as it is in the file."""
    return bytes(raw).decode("utf-8")


def has_objects(value: object) -> bool:
    """Whether a value is a list with at least one object."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def take_text(rest: dict[str, Any], key: str, length: int = SHORT_TEXT_LENGTH) -> str | None:
    """Take a text or number out of ``rest``; a value of another type, or one that is too long, stays there."""
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
    """The values that have no column, without nulls. Raises UnreadablePatient if one is nested too deeply."""
    if not rest:
        return None
    extra = {key: value for key, value in rest.items() if value is not None}
    if any(nested_too_deeply(value) for value in extra.values()):
        raise UnreadablePatient("nested_too_deeply", where)
    return extra or None
