"""Nobody merged, nothing overwritten in silence, no false alarm, nothing lost: against a model of a few lines.

The model knows of a person by the PRN's bytes, remembers what was said last, and holds every change for a conflict and
nothing else. What is drawn is said with noise that is no difference: order, case, white space, age, UUID, null.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

LOOK_ALIKE = ("José", "Jose\u0301", "Jose", "JOSE", "A1", "a1", "Ａ1", "A1.", "0A1", "Straße", "Strasse", "А1")
"""PRNs that a server's usual collation, or a careless comparison, would take for each other."""
NAMES, BORN = ("Ann O'Neil", "Bo Å"), ("02/19/1988", "07/04/1976")
GENDERS = ("Female", "Male")
MEDICATIONS, ALLERGIES = ("Aspirin 81 mg", "Xanax 1 mg"), ("Latex", "Nuts")


@dataclass(frozen=True)
class Said:
    """What a file says of a person, without the noise."""

    name: str
    born: str
    gender: str
    medications: tuple[str, ...]
    allergies: tuple[str, ...]

    def noisy(self, prn: str, noise: int) -> dict[str, Any]:
        """The same said differently."""
        turned = -1 if noise % 2 else 1
        spelt = (str, str.upper, str.lower, lambda text: f"  {text.replace(' ', '   ')} ")[noise % 4]
        patient = a_patient(
            f" {prn}\t" if noise % 3 == 0 else prn,
            name=spelt(self.name),
            born=self.born if noise % 2 else f"{self.born[6:]}-{self.born[:2]}-{self.born[3:5]}",
            gender=spelt(self.gender),
            age=f"{noise} yrs",
            uuid=str(noise),
            medications=[{"medication_name": spelt(one), "sig": None} for one in self.medications[::turned]],
            allergies=[spelt(one) for one in self.allergies[::turned]],
        )
        if noise % 5 == 0:
            del patient["all_diagnoses"]
        return patient


def _some(of: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), max_size=3).map(lambda items: tuple(sorted(items)))


SAID = st.builds(
    Said,
    st.sampled_from(NAMES),
    st.sampled_from(BORN),
    st.sampled_from(GENDERS),
    _some(MEDICATIONS),
    _some(ALLERGIES),
)
FILES = st.lists(
    st.dictionaries(st.sampled_from(LOOK_ALIKE), st.tuples(SAID, st.integers(0, 99)), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


@dataclass
class Model:
    """What has to be known after some files, each later than the one before."""

    known: dict[str, Said] = field(default_factory=dict)
    conflicts: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)

    def hear(self, prn: str, said: Said) -> str:
        """What becomes of one patient of a file."""
        before = self.known.get(prn)
        self.known[prn] = said
        if before is None:
            return "stored"
        if before == said:
            self.duplicates[prn] += 1
            return "duplicates"
        for column, old, new in (
            ("patient_name", before.name, said.name),
            ("date_of_birth", before.born, said.born),
            ("gender", before.gender, said.gender),
        ):
            if old != new:
                self.conflicts[prn, column, _folded(old), _folded(new)] += 1
        for column, was, now in (
            ("medications", before.medications, said.medications),
            ("allergies", before.allergies, said.allergies),
        ):
            if was != now:
                went, came = Counter(was) - Counter(now), Counter(now) - Counter(was)
                self.conflicts[prn, column, _folded(went.elements()), _folded(came.elements())] += 1
        return "changed"


def _folded(value: Any) -> Any:
    """Without the noise: a text, a date in either form, or the names of a list's items."""
    if isinstance(value, str):
        text = " ".join(value.split()).casefold()
        return f"{text[5:7]}/{text[8:]}/{text[:4]}" if text[4:5] == "-" else text
    return tuple(sorted(_folded(next(iter(item.values())) if isinstance(item, dict) else item) for item in value))


def _recorded(clinic: Clinic, prefix: str) -> tuple[Counter[tuple[Any, ...]], Counter[str]]:
    conflicts: Counter[tuple[Any, ...]] = Counter()
    duplicates: Counter[str] = Counter()
    for row in clinic.rows("data_conflicts"):
        if not row["prn"].startswith(prefix):
            continue
        prn = row["prn"].removeprefix(prefix)
        if row["conflict_type"] == "extraction_duplicate":
            duplicates[prn] += 1
        else:
            old, new = (_folded(json.loads(row[which])) for which in ("old_value", "new_value"))
            conflicts[prn, row["field_name"], old, new] += 1
    return conflicts, duplicates


def _check(clinic: Clinic, files: list[dict[str, tuple[Said, int]]], prefix: str) -> None:
    model = Model()
    for number, patients in enumerate(files):
        expected = Counter(model.hear(prn, said) for prn, (said, _) in patients.items())
        content = a_file(
            *(said.noisy(f"{prefix}{prn}", noise) for prn, (said, noise) in patients.items()),
            "no patient at all",
            at=f"2024-0{number + 1}-01T00:00:00",
        )
        outcome = clinic.ingest(content)
        counts = {name: getattr(outcome, name) for name in ("stored", "changed", "duplicates")}
        assert counts == {name: expected[name] for name in counts}
        # Whatever was read is in one place or the other.
        assert outcome.found == len(patients) + 1 == sum(counts.values()) + outcome.set_aside
        assert str(clinic.ingest(content).state) == "already_ingested"
    stored = {
        row["prn"].removeprefix(prefix): (_folded(row["patient_name"]), _folded(row["gender"]))
        for row in clinic.rows("patients")
        if row["prn"].startswith(prefix)
    }
    assert stored == {prn: (_folded(said.name), _folded(said.gender)) for prn, said in model.known.items()}
    assert _recorded(clinic, prefix) == (model.conflicts, model.duplicates)
    aside = clinic.rows("set_aside_patients")
    assert {row["raw_json"] for row in aside} == {'"no patient at all"'}
    assert len(aside) == clinic.count("extraction_sessions")


@pytest.mark.parametrize("backend", ["sqlite", "mariadb", "mysql"], indirect=True)
def test_what_files_say_is_kept_apart_compared_and_all_there(clinic: Clinic, backend: str) -> None:
    numbers = count()

    @settings(
        max_examples={"sqlite": 40, "mariadb": 15, "mysql": 10}[backend],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        # A smaller example takes minutes to find, and is hardly easier to read.
        phases=(Phase.generate,),
    )
    @given(FILES)
    def law(files: list[dict[str, tuple[Said, int]]]) -> None:
        # Of people of its own, so that all examples share a database.
        _check(clinic, files, f"{next(numbers)}-")

    law()
