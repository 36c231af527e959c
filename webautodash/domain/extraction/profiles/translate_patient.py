"""Translates a patient from the JSON of another portal to the native shape. No value is dropped."""

from collections.abc import Mapping
from typing import Any

from webautodash.domain.extraction.json_values import scalar_text
from webautodash.domain.extraction.profiles.profile import Alternatives, KeyPath, ListMapping, Profile

_DEMOGRAPHICS = "demographics_printable"
_MISSING = object()


def translate_patient(profile: Profile, patient: Mapping[str, Any]) -> dict[str, Any]:
    """A decoded patient in the native shape. What the profile does not name stays where it is.

    A value whose native key is taken by another value is kept under the key with ``own_`` before it.
    """
    rest = dict(patient)
    printed = rest.pop(_DEMOGRAPHICS, None)
    if printed is not None and not isinstance(printed, dict):
        # The native reader refuses it.
        return dict(patient)
    for name, mapping in profile.lists.items():
        _move_list(rest, f"all_{name}", mapping)
    moved = {key: _take(rest, alternatives) for key, alternatives in profile.patient}
    _put(rest, moved)
    printed = dict(printed or {})
    person = {key: _take(rest, alternatives) for key, alternatives in profile.person}
    for path in profile.demographics:
        _move_demographics(rest, path, printed)
    _put(printed, person)
    rest[_DEMOGRAPHICS] = printed
    return rest


def find(value: Any, path: KeyPath) -> Any:
    """The value at a path, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def first_value(value: Any, alternatives: Alternatives) -> Any:
    """The first value that is there, or None."""
    found = (find(value, path) for path in alternatives)
    return next((one for one in found if has_value(one)), None)


def has_value(value: Any) -> bool:
    """Whether a value is there: neither missing nor null nor blank."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def _take(rest: dict[str, Any], alternatives: Alternatives) -> Any:
    """Take the first value that is there out of ``rest``; ``_MISSING`` if there is none."""
    for path in alternatives:
        if has_value(found := find(rest, path)):
            _remove(rest, path)
            return found
    return _MISSING


def _remove(rest: dict[str, Any], path: KeyPath) -> None:
    """Remove a value that is there. The objects on the way are copied, because the patient is not changed."""
    for key in path[:-1]:
        rest[key] = rest = dict(rest[key])
    del rest[path[-1]]


def _put(target: dict[str, Any], moved: Mapping[str, Any]) -> None:
    for key, value in moved.items():
        if value is _MISSING:
            continue
        own = target.get(key)
        if own is not None and own != value:
            kept = f"own_{key}"
            while kept in target:
                kept = f"own_{kept}"
            target[kept] = own
        target[key] = value


def _move_demographics(rest: dict[str, Any], path: KeyPath, printed: dict[str, Any]) -> None:
    """Move the other fields of an object to the demographics. Lists stay: they become records."""
    found = find(rest, path)
    if not isinstance(found, dict):
        return
    _remove(rest, path)
    stays = {key: value for key, value in found.items() if isinstance(value, list) and value}
    if stays:
        _put_at(rest, path, stays)
    _put(printed, {key: value for key, value in found.items() if key not in stays})


def _put_at(rest: dict[str, Any], path: KeyPath, value: Any) -> None:
    for key in path[:-1]:
        rest = rest[key]
    rest[path[-1]] = value


def _move_list(rest: dict[str, Any], native: str, mapping: ListMapping) -> None:
    for key, alternatives in ((native, mapping.at), *((key, (path,)) for key, path in mapping.split)):
        if rest.get(key) is not None and (key,) not in alternatives:
            # The list is there under its native key: the other one becomes records, or is compared with it.
            continue
        there = [path for path in alternatives if find(rest, path) is not None]
        if not there:
            continue
        path = next((path for path in there if find(rest, path)), there[0])
        items = find(rest, path)
        _remove(rest, path)
        rest[key] = [_item(item, mapping) for item in items] if isinstance(items, list) and mapping.fields else items


def _item(item: Any, mapping: ListMapping) -> Any:
    if not isinstance(item, dict):
        return item
    rest = dict(item)
    moved: dict[str, Any] = {}
    for key, groups in mapping.fields:
        for paths in groups:
            if len(paths) == 1:
                value = _take(rest, paths)
            else:
                # The parts also stay, because the joined text does not tell where each ends.
                texts = [text for path in paths if (text := scalar_text(find(rest, path))) and text.strip()]
                value = " ".join(texts) or _MISSING
            if value is not _MISSING:
                moved[key] = value
                break
    _put(rest, moved)
    return rest
