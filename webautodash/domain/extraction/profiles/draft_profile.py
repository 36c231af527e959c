"""Drafts a profile from a sample file: where patients, identity and lists seem to be, by the names of their keys.

The draft holds keys and the portal's name, and no other value of the sample.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import starmap
from typing import Any, NamedTuple

from webautodash.domain.extraction.lists.clinical_lists import NAMED_LISTS
from webautodash.domain.extraction.lists.list_definition import ClinicalList
from webautodash.domain.extraction.profiles.parse_profile import item_keys
from webautodash.domain.extraction.profiles.profile import KeyPath, dotted
from webautodash.domain.extraction.profiles.translate_patient import find

_PERSON = {
    "prn": "prn mrn medicalrecordnumber medicalrecordno recordnumber recordno patientrecordnumber patientnumber "
    "patientno chartnumber chartno chartid mrnumber",
    "patient_name": "patientname name fullname displayname",
    "first_name": "firstname givenname given forename",
    "last_name": "lastname familyname family surname",
    "date_of_birth": "dateofbirth dob birthdate birthday born",
    "gender": "gender sex",
    "phone": "phone phonenumber telephone mobile cellphone",
    "email": "email emailaddress mail",
    "address": "address streetaddress homeaddress",
}
_LISTS = {
    "medications": "allmedications medications meds medicationlist rx prescriptions drugs",
    "diagnoses": "alldiagnoses diagnoses diagnosislist problems problemlist conditions medicalhistory dx",
    "allergies": "allallergies allergies allergylist allergens intolerances adversereactions",
    "health_concerns": "allhealthconcerns healthconcerns concerns concernlist",
}
_ITEMS = {
    "medication_name": "drug product med medicationname display title label text",
    "medication_type": "type state",
    "medication_strength": "strength dose amount",
    "sig": "instruction patientinstructions dosageinstruction usage",
    "diagnosis_text": "problem display title label text description",
    "diagnosis_code": "icd icdcode icd10code diagnosiscode",
    "diagnosis_type": "type state",
    "allergy_name": "substance agent display title label text allergy",
    "allergy_type": "category kind",
    "reaction": "reactions manifestation",
    "severity": "criticality",
    "concern_text": "concern display title label",
    "concern_type": "type state",
    "start_date": "started start begin begindate onset onsetdate from prescribedon since",
    "stop_date": "stopped stop ended end enddate to until resolved",
    "end_date": "ended end to until stopdate resolved",
    "notes": "note comment comments remark",
}
_IDENTITY = ("prn", "patient_name", "date_of_birth")
_WEIGHTS = {"prn": 4, "patient_name": 2, "date_of_birth": 2, "first_name": 1, "last_name": 1}
_DEPTH = 4
_MOST_SAMPLES = 50


class _Patients(NamedTuple):
    keys: KeyPath
    found: list[Mapping[str, Any]]
    person: dict[str, list[KeyPath]]
    lists: dict[str, list[KeyPath]]
    others: list[KeyPath]


def draft_profile(document: Any) -> str | None:
    """The TOML of a draft from a decoded document; None if nothing in it looks like patients."""
    best = max(starmap(_read, _candidates(document)), key=_score, default=None)
    if best is None or not _score(best):
        return None
    lines = ["# A draft: check every line, then test it with the file.", f"patients = {_quoted([best.keys])}", ""]
    lines += _recognise(document, best)
    lines += _patient(best)
    for which in NAMED_LISTS:
        if places := best.lists.get(which.name):
            lines += _list(which, places, best.found)
    if best.others:
        lines += ["# These lists become other records:", *(f"#   {dotted(path)}" for path in best.others)]
    return "\n".join(lines).rstrip() + "\n"


def _candidates(document: Any) -> Iterator[tuple[KeyPath, list[Mapping[str, Any]]]]:
    """Each list of objects, and each object, that no list contains."""
    if isinstance(document, list):
        yield (), _objects(document)
        return
    for path, value in _walk(document, ()):
        if isinstance(value, dict):
            yield path, [value]
        elif objects := _objects(value):
            yield path, objects


def _walk(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """The value and all values in its objects, with their paths, to a limited depth."""
    yield path, value
    if isinstance(value, dict) and len(path) < _DEPTH:
        for key, inner in value.items():
            if key:
                yield from _walk(inner, (*path, key))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value[:_MOST_SAMPLES] if isinstance(one, dict)] if isinstance(value, list) else []


def _read(keys: KeyPath, found: list[Mapping[str, Any]]) -> _Patients:
    scalars: Counter[KeyPath] = Counter()
    lists: Counter[KeyPath] = Counter()
    for one in found:
        for path, value in _walk(one, ()):
            if isinstance(value, list):
                lists[path] += 1
            elif path and not isinstance(value, dict):
                scalars[path] += 1
    person = _matched(_PERSON, scalars)
    named = _matched(_LISTS, lists)
    matched = {path for places in named.values() for path in places}
    return _Patients(keys, found, person, named, [path for path in lists if path not in matched])


def _matched(synonyms: Mapping[str, str], paths: Counter[KeyPath]) -> dict[str, list[KeyPath]]:
    """For each name the paths whose last key is one of its synonyms: the shortest path first."""
    found: dict[str, list[KeyPath]] = {}
    for name, words in synonyms.items():
        order = words.split()
        places = [path for path in paths if _plain(path[-1]) in order]
        if places:
            found[name] = sorted(places, key=lambda path: (len(path), order.index(_plain(path[-1]))))
    return found


def _plain(key: str) -> str:
    return "".join(filter(str.isalnum, key)).casefold()


def _score(patients: _Patients) -> int:
    identity = sum(weight for key, weight in _WEIGHTS.items() if key in patients.person)
    return identity and identity + len(patients.lists)


def _recognise(document: Any, best: _Patients) -> list[str]:
    lines = ["[recognise]"]
    around = [value for _, value in _walk(document, ()) if isinstance(value, dict)]
    for key in ("portal_name", "portal_type"):
        names = {one[key] for one in (*around, *best.found) if isinstance(one.get(key), str) and one[key].strip()}
        if len(names) == 1:
            lines.append(f"{key} = [{_text(names.pop())}]")
    first = [places[0] for key in _IDENTITY if (places := best.person.get(key))]
    first += [places[0] for places in best.lists.values()]
    if len(lines) == 1:
        lines += [
            "# The file names no portal: it is recognised if a patient has all of these.",
            f"paths = {_quoted(first)}",
        ]
    return [*lines, ""]


def _patient(best: _Patients) -> list[str]:
    parents = Counter(path[:-1] for places in best.person.values() for path in places[:1] if len(path) > 1)
    lines = ["[patient]"]
    if parents:
        lines.append(f"demographics = {_quoted([parents.most_common(1)[0][0]])}")
    if "prn" not in best.person:
        lines.append('# No key looks like a record number; without one no patient can be stored: prn = "..."')
    lines += [f"{key} = {_quoted(places)}" for key, places in best.person.items()]
    return [*lines, ""]


def _list(which: ClinicalList, places: list[KeyPath], patients: list[Mapping[str, Any]]) -> list[str]:
    lines = [f"[lists.{which.name}]", f"at = {_quoted(places)}"]
    keys: Counter[KeyPath] = Counter()
    for one in patients:
        for path in places:
            for item in _objects(find(one, path)):
                keys.update(inner for inner, part in _walk(item, ()) if inner and not isinstance(part, dict | list))
    # What the native reader finds by itself needs no line.
    unread = Counter(
        {path: number for path, number in keys.items() if path[-1] not in which.item_keys or len(path) > 1}
    )
    has_text = any((key,) in keys for key in which.text_keys)
    for field in item_keys(which):
        found = _matched({field: _ITEMS.get(field, "")}, unread).get(field)
        if found and not (field == which.text_field and has_text) and (field,) not in keys:
            lines.append(f"{field} = {_quoted(found[:1])}")
    if not has_text and not any(line.startswith(f"{which.text_field} ") for line in lines):
        lines.append(f'# No key looks like the text of an item: {which.text_field} = "..."')
    return [*lines, ""]


def _quoted(paths: list[KeyPath]) -> str:
    texts = [_text(dotted(path)) for path in paths]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _text(value: str) -> str:
    """A TOML string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'
