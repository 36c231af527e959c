"""What went, what came, what it is called and how much it matters."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice, repeat
from operator import attrgetter
from typing import Any

from webautodash.domain.checksum import canonical_date, canonical_fields, canonical_items, folded
from webautodash.domain.extraction.clinical_lists import ALLERGIES, LISTS, MEDICATIONS, ClinicalList
from webautodash.domain.extraction.documents import to_json
from webautodash.domain.extraction.records import Demographics, PatientRecord
from webautodash.domain.extraction.rows import Row
from webautodash.domain.limits import SHORT_TEXT_LENGTH
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
# Of each list in the conflict about a PRN that stands several times in a file; a longer item is only counted.
_MOST_SHOWN = 20
_LONGEST_SHOWN = 2_000
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
        old, now = _CountedList(which, before[which.name]), _CountedList(which, new[which.name])
        if old.counts == now.counts:
            continue
        went = [old.presented(item) for item in old.missing_in(now)]
        came = [now.presented(item) for item in now.missing_in(old)]
        found.append(
            Difference(
                ConflictType.MEDICATION_CONFLICT if which is MEDICATIONS else ConflictType.DATA_CHANGED,
                _severity(which, old, now),
                which.name,
                to_json(went),
                to_json(came),
                f"{which.name.replace('_', ' ')}: {len(went)} went, {len(came)} came",
            )
        )
    return found


class RepeatComparison:
    """Compares the earlier places of a PRN in a file with the last one, which is stored.

    A file can hold very many small places and one large one: the work and the size of a difference depend on the
    earlier place alone. Of each list that differs the values hold the first items that only one side has, as far as
    they are small, and under ``not_shown`` how many more there are. Each place is kept whole, set aside or stored.
    """

    def __init__(self, stored: PatientRecord) -> None:
        self._stored = stored
        self._lists = {which.name: _CountedList(which, stored.lists[which.name]) for which in LISTS}

    def difference(self, earlier: PatientRecord) -> Difference:
        """The conflict for an earlier place whose content differs."""
        stored = self._stored
        parts = [
            *demographic_differences(earlier.demographics, stored.demographics),
            *appearances(earlier.demographics, stored.demographics),
        ]
        severities = [part.severity for part in parts]
        old, new = _identity(earlier.demographics), _identity(stored.demographics)
        for which in LISTS:
            before, now = _CountedList(which, earlier.lists[which.name]), self._lists[which.name]
            shared = sum(min(number, now.counts[item]) for item, number in before.counts.items())
            if shared < max(len(before.rows), len(now.rows)):
                severities.append(_severity(which, before, now))
                for values, side, other in ((old, before, now), (new, now, before)):
                    _add_list(values, which.name, side.shown(other), len(side.rows) - shared)
        return Difference(
            ConflictType.DATA_CHANGED,
            max(severities, key=lambda severity: severity.rank, default=Severity.LOW),
            "prn",
            to_json(old),
            to_json(new),
            f"the PRN stands twice in the file with different content, at positions {earlier.position} and "
            f"{stored.position}; the later one is stored",
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


class _CountedList:
    """The items of one list of a patient, counted in their canonical form."""

    def __init__(self, which: ClinicalList, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._items = canonical_items(which, rows)
        self.counts = Counter(self._items)
        self._small: dict[str, dict[str, Any] | None] = {}

    @cached_property
    def allergens(self) -> Counter[str]:
        """How often each allergy is named."""
        return Counter(folded(row["allergy_name"] or "") for row in self.rows)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.counts)

    @cached_property
    def _places(self) -> dict[str, int]:
        """The first place of each item: of equal ones it stands for all."""
        places: dict[str, int] = {}
        for place, item in enumerate(self._items):
            places.setdefault(item, place)
        return places

    def missing_in(self, other: "_CountedList") -> Iterator[str]:
        """The items that ``other`` has not, or not as often, in their canonical order."""
        return chain.from_iterable(repeat(item, self.counts[item] - other.counts[item]) for item in self._sorted)

    def presented(self, item: str) -> dict[str, Any]:
        """An item for a person to read."""
        return presented(self.rows[self._places[item]])

    def shown(self, other: "_CountedList") -> list[dict[str, Any]]:
        """The first few items that ``other`` has not, those that are small."""
        few = [self._if_small(item) for item in islice(self.missing_in(other), _MOST_SHOWN)]
        return [item for item in few if item is not None]

    def _if_small(self, item: str) -> dict[str, Any] | None:
        if item not in self._small:
            shown = self.presented(item)
            self._small[item] = shown if len(to_json(shown)) <= _LONGEST_SHOWN else None
        return self._small[item]


def _identity(person: Demographics) -> dict[str, Any]:
    return {"patient_name": person.patient_name, "date_of_birth": person.date_of_birth_text, "gender": person.gender}


def _add_list(values: dict[str, Any], name: str, shown: list[dict[str, Any]], number: int) -> None:
    values[name] = shown
    if number > len(shown):
        values.setdefault("not_shown", {})[name] = number - len(shown)


def _severity(which: ClinicalList, before: _CountedList, new: _CountedList) -> Severity:
    if which is ALLERGIES:
        is_lost = any(number > new.allergens[name] for name, number in before.allergens.items())
        return Severity.HIGH if is_lost else Severity.MEDIUM
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
