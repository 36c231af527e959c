"""The store compared with a small model: no merged patients, no silent overwrite, no false conflict, no loss.

The model identifies a person by the bytes of the PRN, keeps the facts of the latest complete extraction, and takes
every change for a conflict and nothing else; the later state is the new side, in whatever order the files come. An
extraction that failed, that empties all lists or that is of another person changes nothing. The facts are drawn at
random and written with noise that is no difference: order, case, white space, age, UUID, null, a name in two parts.
"""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

LOOK_ALIKE = ("José", "Jose\u0301", "Jose", "JOSE", "A1", "a1", "Ａ1", "A1.", "0A1", "Straße", "Strasse", "А1")
"""PRNs that a server's usual collation, or a careless comparison, would confuse."""
NAMES, BORN = ("Ann O'Neil", "Bo Å"), ("02/19/1988", "07/04/1976")
GENDERS = ("Female", "Male")
MEDICATIONS, ALLERGIES = ("Aspirin 81 mg", "Xanax 1 mg"), ("Latex", "Nuts")


@dataclass(frozen=True)
class Facts:
    """What a file has about a person, without the noise."""

    name: str
    born: str
    gender: str
    phone: str | None
    medications: tuple[str, ...]
    allergies: tuple[str, ...]
    failed: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is no item."""
        return not self.medications and not self.allergies

    def noisy(self, prn: str, noise: int) -> dict[str, Any]:
        """The same facts, written differently."""
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
            demographics={"phone": self.phone and spelt(self.phone)},
            extraction_status="failed" if self.failed else (None, "completed", "OK ")[noise % 3],
        )
        if noise % 7 == 0:
            first, last = self.name.split()
            patient["demographics_printable"] |= {"patient_name": None, "first_name": spelt(first), "last_name": last}
            patient["patient_name"] = None
        if noise % 5 == 0:
            del patient["all_diagnoses"]
        return patient


def _some(of: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), max_size=3).map(lambda items: tuple(sorted(items)))


FACTS = st.builds(
    Facts,
    st.sampled_from(NAMES),
    st.sampled_from(BORN),
    st.sampled_from(GENDERS),
    st.sampled_from([None, "ext 1", "ext 2"]),
    _some(MEDICATIONS),
    _some(ALLERGIES),
    st.sampled_from([False, False, False, True]),
)
FILES = st.lists(
    st.dictionaries(st.sampled_from(LOOK_ALIKE), st.tuples(FACTS, st.integers(0, 99)), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)
MONTHS = st.permutations((1, 2, 3, 4))
"""When the files were extracted, in the order in which they come."""


@dataclass
class Model:
    """The expected content of the store after some files."""

    known: dict[str, tuple[int, Facts]] = field(default_factory=dict)
    """By PRN, the facts of the latest month."""
    conflicts: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    aside: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, prn: str, facts: Facts, month: int) -> str:
        """Take one patient of a file; the outcome."""
        if facts.failed:
            return self._set_aside(prn, "incomplete_extraction")
        if prn not in self.known:
            self.known[prn] = month, facts
            return "stored"
        latest, before = self.known[prn]
        old, new = (before, facts) if month > latest else (facts, before)
        if old.name != new.name and old.born != new.born:
            both = ((_folded(one.name), _folded(one.born)) for one in (old, new))
            self.conflicts[prn, "prn", *both] += 1
            return self._set_aside(prn, "other_person")
        if facts.is_empty and not before.is_empty:
            return self._set_aside(prn, "emptied")
        if month > latest:
            self.known[prn] = month, replace(facts, phone=facts.phone or before.phone)
        if old.phone and new.phone and old.phone != new.phone:
            self.conflicts[prn, "phone", old.phone, new.phone] += 1
        if replace(old, phone=None) == replace(new, phone=None):
            self.duplicates[prn] += 1
            return "duplicates"
        for column, was, now in (
            ("patient_name", old.name, new.name),
            ("date_of_birth", old.born, new.born),
            ("gender", old.gender, new.gender),
        ):
            if was != now:
                self.conflicts[prn, column, _folded(was), _folded(now)] += 1
        for column, items, others in (
            ("medications", old.medications, new.medications),
            ("allergies", old.allergies, new.allergies),
        ):
            if items != others:
                went, came = Counter(items) - Counter(others), Counter(others) - Counter(items)
                self.conflicts[prn, column, _folded(went.elements()), _folded(came.elements())] += 1
        return "changed"

    def _set_aside(self, prn: str, reason: str) -> str:
        self.aside[prn, reason] += 1
        return "set_aside"


def _folded(value: Any) -> Any:
    """A value without the noise: a text, a date in either form, or the names of a list's items."""
    if isinstance(value, str):
        text = " ".join(value.split()).casefold()
        return f"{text[5:7]}/{text[8:]}/{text[:4]}" if text[4:5] == "-" else text
    if isinstance(value, dict):  # the person with a PRN
        return _folded(value["patient_name"]), _folded(value["date_of_birth"])
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


def _check(clinic: Clinic, files: list[dict[str, tuple[Facts, int]]], months: list[int], prefix: str) -> None:
    model = Model()
    for month, patients in zip(months, files, strict=False):
        expected = Counter(model.take(prn, facts, month) for prn, (facts, _) in patients.items())
        content = a_file(
            *(facts.noisy(f"{prefix}{prn}", noise) for prn, (facts, noise) in patients.items()),
            "no patient at all",
            at=f"2024-0{month}-01T00:00:00",
        )
        outcome = clinic.ingest(content)
        counts = {name: getattr(outcome, name) for name in ("stored", "changed", "duplicates")}
        assert counts == {name: expected[name] for name in counts}
        # Everything that was read is stored or set aside.
        assert outcome.set_aside == expected["set_aside"] + 1
        assert outcome.found == len(patients) + 1 == sum(counts.values()) + outcome.set_aside
        assert str(clinic.ingest(content).state) == "already_ingested"
    stored = {
        row["prn"].removeprefix(prefix): tuple(map(_folded, (row["patient_name"], row["gender"], row["phone"] or "")))
        for row in clinic.rows("patients")
        if row["prn"].startswith(prefix)
    }
    assert stored == {
        prn: tuple(map(_folded, (facts.name, facts.gender, facts.phone or "")))
        for prn, (_, facts) in model.known.items()
    }
    assert _recorded(clinic, prefix) == (model.conflicts, model.duplicates)
    aside = clinic.rows("set_aside_patients")
    unreadable = [row["raw_json"] for row in aside if row["prn"] is None]
    assert unreadable == ['"no patient at all"'] * clinic.count("extraction_sessions")
    waiting = [row for row in aside if row["prn"] is not None and row["prn"].startswith(prefix)]
    assert Counter((row["prn"].removeprefix(prefix), row["reason"]) for row in waiting) == model.aside


@pytest.mark.parametrize("backend", ["sqlite", "mariadb", "mysql"], indirect=True)
def test_the_store_agrees_with_the_model(clinic: Clinic, backend: str) -> None:
    numbers = count()

    @settings(
        max_examples={"sqlite": 40, "mariadb": 15, "mysql": 10}[backend],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        # To shrink an example takes minutes and hardly makes it easier to read.
        phases=(Phase.generate,),
    )
    @given(FILES, MONTHS)
    def law(files: list[dict[str, tuple[Facts, int]]], months: list[int]) -> None:
        # Each example has its own people, so that all examples share a database.
        _check(clinic, files, months, f"{next(numbers)}-")

    law()
