"""A PRN that stands several times in one file."""

from typing import Any

from webautodash.domain.differences.clinical_lists import CountedList, list_severity
from webautodash.domain.differences.demographics import appearances, demographic_differences
from webautodash.domain.differences.difference import Difference
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.extraction.demographics import Demographics
from webautodash.domain.extraction.json_values import sorted_json
from webautodash.domain.extraction.patient_record import PatientRecord
from webautodash.domain.vocabulary import ConflictType, Severity


class RepeatComparison:
    """Compares the earlier places of a PRN in a file with the last one, which is stored.

    A file can hold very many small places and one large one: the work and the size of a difference depend on the
    earlier place alone. Of each list that differs the values hold the first items that only one side has, as far as
    they are small, and under ``not_shown`` how many more there are. Each place is kept whole, set aside or stored.
    """

    def __init__(self, stored: PatientRecord) -> None:
        self._stored = stored
        self._lists = {which.name: CountedList(which, stored.lists[which.name]) for which in LISTS}

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
            before, now = CountedList(which, earlier.lists[which.name]), self._lists[which.name]
            shared = sum(min(number, now.counts[item]) for item, number in before.counts.items())
            if shared < max(len(before.rows), len(now.rows)):
                severities.append(list_severity(which, before, now))
                for values, side, other in ((old, before, now), (new, now, before)):
                    _add_list(values, which.name, side.shown(other), len(side.rows) - shared)
        return Difference(
            ConflictType.DATA_CHANGED,
            max(severities, key=lambda severity: severity.rank, default=Severity.LOW),
            "prn",
            sorted_json(old),
            sorted_json(new),
            f"the PRN stands twice in the file with different content, at positions {earlier.position} and "
            f"{stored.position}; the later one is stored",
        )


def _identity(person: Demographics) -> dict[str, Any]:
    return {"patient_name": person.patient_name, "date_of_birth": person.date_of_birth_text, "gender": person.gender}


def _add_list(values: dict[str, Any], name: str, shown: list[dict[str, Any]], number: int) -> None:
    values[name] = shown
    if number > len(shown):
        values.setdefault("not_shown", {})[name] = number - len(shown)
