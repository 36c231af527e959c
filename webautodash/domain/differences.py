"""What went, what came, what it is called and how much it matters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from webautodash.domain.checksum import canonical_date, canonical_fields, canonical_items, folded
from webautodash.domain.documents import to_json
from webautodash.domain.limits import SHORT_TEXT_LENGTH
from webautodash.domain.lists import ALLERGIES, LISTS, MEDICATIONS, ClinicalList
from webautodash.domain.records import Demographics, PatientRecord
from webautodash.domain.rows import Row
from webautodash.domain.vocabulary import ConflictType, Severity

Lists = Mapping[str, Sequence[Row]]
Fields = Mapping[str, Any]

# Another birth date: the PRN may have been given to someone else.
_DEMOGRAPHIC_SEVERITIES = {
    "patient_name": Severity.HIGH,
    "date_of_birth": Severity.CRITICAL,
    "gender": Severity.HIGH,
}
_CONTACT = ("first_name", "last_name", "phone", "email", "address")
_MOST_OTHER_FIELDS = 20
"""More fields than this differ in no patient; a file that says so gets one conflict for all of them."""
_SCRAPE_COLUMNS = frozenset({"row_index", "extraction_method", "extracted_at", "extra"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry for ``data_conflicts``; the values are JSON, the description holds counts only."""

    conflict_type: ConflictType
    severity: Severity
    field_name: str
    old_value: str | None
    new_value: str | None
    description: str


def demographic_differences(known: Demographics, new: Demographics) -> list[Difference]:
    """Name, birth date and gender that both have and that differ. A value that one side lacks says nothing."""
    known, new = known.named(), new.named()
    if _facts(known) == _facts(new):
        return []
    return [
        _mismatch(field, known, new, severity)
        for field, severity in _DEMOGRAPHIC_SEVERITIES.items()
        if (old := _compared(known, field)) and (now := _compared(new, field)) and old != now
    ]


def other_demographic_differences(
    known: Demographics, known_other: Fields | None, new: Demographics, new_other: Fields | None
) -> list[Difference]:
    """Contact details and unknown demographic fields that both have and that differ.

    First and last name are parts of the name: they count on their own only where the name does not differ.
    """
    if new_other == known_other and _contact(known) == _contact(new):
        return []
    before, now = _other_fields(known, known_other), _other_fields(new, new_other)
    old, said = canonical_fields(before), canonical_fields(now)
    differing = [field for field in said if field in old and old[field] != said[field]]
    if _compared(known.named(), "patient_name") != _compared(new.named(), "patient_name"):
        differing = [field for field in differing if field not in {"first_name", "last_name"}]
    if len(differing) > _MOST_OTHER_FIELDS:
        pair = [{field: fields[field] for field in differing} for fields in (before, now)]
        return [_low_mismatch("demographics_printable", *pair)]
    return [_low_mismatch(field, before[field], now[field]) for field in differing]


def is_another_person(known: Demographics, new: Demographics) -> bool:
    """Whether birth date and name both differ: another person under the same PRN is likelier than two corrections."""
    return {"patient_name", "date_of_birth"} <= {found.field_name for found in demographic_differences(known, new)}


def another_person(known: Demographics, new: Demographics) -> Difference:
    """The PRN stands for two persons; the values are who each of them is."""
    before, now = (
        {"patient_name": one.named().patient_name, "date_of_birth": one.date_of_birth_text} for one in (known, new)
    )
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        Severity.CRITICAL,
        "prn",
        to_json(before),
        to_json(now),
        "name and birth date both differ; the patient of the file is set aside",
    )


def appearances(before: Demographics, new: Demographics) -> list[Difference]:
    """Name, birth date and gender that one of two extractions with the same criteria has and the other lacks."""
    before, new = before.named(), new.named()
    return [
        _mismatch(field, before, new, Severity.LOW)
        for field in _DEMOGRAPHIC_SEVERITIES
        if bool(_compared(before, field)) != bool(_compared(new, field))
    ]


def list_differences(before: Lists, new: Lists) -> list[Difference]:
    """One difference for each list whose items differ, with just the items that went and came."""
    found = []
    for which in LISTS:
        went, came = _went_and_came(which, before[which.name], new[which.name])
        if went or came:
            found.append(
                Difference(
                    ConflictType.MEDICATION_CONFLICT if which is MEDICATIONS else ConflictType.DATA_CHANGED,
                    _severity(which, before[which.name], new[which.name]),
                    which.name,
                    to_json(went),
                    to_json(came),
                    f"{which.name.replace('_', ' ')}: {len(went)} went, {len(came)} came",
                )
            )
    return found


def repeated_differently(earlier: PatientRecord, later: PatientRecord) -> Difference:
    """The PRN stands twice in one file and the two do not say the same; the later one is stored."""
    parts = [
        *demographic_differences(earlier.demographics, later.demographics),
        *appearances(earlier.demographics, later.demographics),
        *list_differences(earlier.lists, later.lists),
    ]
    severity = max((part.severity for part in parts), key=lambda severity: severity.rank, default=Severity.LOW)
    return Difference(
        ConflictType.DATA_CHANGED,
        severity,
        "prn",
        to_json(_whole(earlier)),
        to_json(_whole(later)),
        f"the PRN stands twice in the file with different content, at positions {earlier.position} and "
        f"{later.position}; the later one is stored",
    )


def duplicate(checksum: str) -> Difference:
    """The same content again: recorded, nothing to decide."""
    said = to_json(checksum)
    return Difference(
        ConflictType.EXTRACTION_DUPLICATE,
        Severity.LOW,
        "data_checksum",
        said,
        said,
        "the same content as the latest extraction with the same criteria",
    )


def presented(row: Row) -> dict[str, Any]:
    """A row under the input's names, raw, without what says only how it was scraped."""
    shown = {}
    for name, value in row.items():
        if name in _SCRAPE_COLUMNS or value in (None, ""):
            continue
        if name.endswith("_text") and name.removesuffix("_text") in row:
            shown[name.removesuffix("_text")] = value
        elif f"{name}_text" not in row and name != "diagnosis_code":
            shown[name] = value
    # Not even an alias that has a column's name hides what the column says.
    return shown | {f"other {key}" if key in shown else key: value for key, value in (row["extra"] or {}).items()}


def _went_and_came(which: ClinicalList, before: Sequence[Row], new: Sequence[Row]) -> tuple[list[Any], list[Any]]:
    old, now = canonical_items(which, before), canonical_items(which, new)
    went, came = Counter(old), Counter(now)
    return _shown(before, old, went - came), _shown(new, now, came - went)


def _shown(rows: Sequence[Row], said: Sequence[str], some: Counter[str]) -> list[dict[str, Any]]:
    """Some of the rows for a person to read; of equal ones the first stands for all."""
    return [presented(rows[said.index(item)]) for item in sorted(some.elements())]


def _severity(which: ClinicalList, before: Sequence[Row], new: Sequence[Row]) -> Severity:
    if which is ALLERGIES:
        known = Counter(folded(row["allergy_name"] or "") for row in before)
        still = Counter(folded(row["allergy_name"] or "") for row in new)
        return Severity.HIGH if known - still else Severity.MEDIUM
    return Severity.MEDIUM if which is MEDICATIONS else Severity.LOW


_facts = attrgetter("patient_name", "date_of_birth", "date_of_birth_text", "gender")
_contact = attrgetter(*_CONTACT)


def _other_fields(person: Demographics, other: Fields | None) -> dict[str, Any]:
    """By name; where a value did not fit its column it stands among the unknown fields."""
    return {field: value for field in _CONTACT if (value := getattr(person, field)) is not None} | dict(other or {})


def _low_mismatch(field: str, old: Any, new: Any) -> Difference:
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        Severity.LOW,
        field if len(field) <= SHORT_TEXT_LENGTH else f"{field[: SHORT_TEXT_LENGTH - 3]}...",
        to_json(old),
        to_json(new),
        # The name of an unknown field may itself be a value.
        f"{field} differs" if field in _CONTACT else "a field of demographics_printable differs",
    )


def _compared(person: Demographics, field: str) -> str:
    if field == "date_of_birth":
        return canonical_date(person.values(), field)
    return folded(getattr(person, field) or "")


def _mismatch(field: str, old: Demographics, new: Demographics, severity: Severity) -> Difference:
    raw = "date_of_birth_text" if field == "date_of_birth" else field
    return Difference(
        ConflictType.DEMOGRAPHIC_MISMATCH,
        severity,
        field,
        to_json(getattr(old, raw)),
        to_json(getattr(new, raw)),
        f"{field.replace('_', ' ')} differs",
    )


def _whole(record: PatientRecord) -> dict[str, Any]:
    person = record.demographics
    shown = {"patient_name": person.patient_name, "date_of_birth": person.date_of_birth_text, "gender": person.gender}
    return shown | {which.name: [presented(row) for row in record.lists[which.name]] for which in LISTS}
