"""The difference between two patients with the same PRN in one file."""

from typing import Any

from webautodash.domain.differences.clinical_lists import CountedList, change_severity
from webautodash.domain.differences.demographics import demographic_differences, one_sided_differences
from webautodash.domain.differences.difference import Difference
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.extraction.patient.patient_record import PatientRecord
from webautodash.domain.json_document import sorted_json
from webautodash.domain.vocabulary import ConflictType, Severity


class RepeatComparison:
    """Compares the earlier patients with a PRN in a file with the last one, which is stored.

    A file can hold very many small patients and one large one with the same PRN, so the work and the size of a
    difference depend on the earlier patient alone. The values hold the first items of each list that only one side
    has, unless they are long, and the number of further items under ``not_shown``. Nothing is lost: every such patient
    is stored or set aside as a whole.
    """

    def __init__(self, stored: PatientRecord) -> None:
        self._stored = stored
        self._lists = {which.name: CountedList(which, stored.lists[which.name]) for which in LISTS}

    def difference(self, earlier: PatientRecord) -> Difference:
        """The conflict for an earlier patient with other content."""
        stored = self._stored
        parts = [
            *demographic_differences(earlier.demographics, stored.demographics),
            *one_sided_differences(earlier.demographics, stored.demographics),
        ]
        severities = [part.severity for part in parts]
        old, new = _identity(earlier.demographics), _identity(stored.demographics)
        for which in LISTS:
            before, now = CountedList(which, earlier.lists[which.name]), self._lists[which.name]
            shared = sum(min(number, now.counts[item]) for item, number in before.counts.items())
            if shared < max(len(before.rows), len(now.rows)):
                severities.append(change_severity(before, now))
                for values, side, other in ((old, before, now), (new, now, before)):
                    _add_list(values, which.name, side.first_missing(other), len(side.rows) - shared)
        return Difference(
            ConflictType.DATA_CHANGED,
            max(severities, key=lambda severity: severity.rank, default=Severity.LOW),
            "prn",
            sorted_json(old),
            sorted_json(new),
            f"the file holds the PRN twice with different content, at positions {earlier.position} and "
            f"{stored.position}; the later one is stored",
        )


def _identity(person: Demographics) -> dict[str, Any]:
    return {"patient_name": person.patient_name, "date_of_birth": person.date_of_birth_text, "gender": person.gender}


def _add_list(values: dict[str, Any], name: str, shown: list[dict[str, Any]], number: int) -> None:
    values[name] = shown
    if number > len(shown):
        values.setdefault("not_shown", {})[name] = number - len(shown)
