"""Generates extraction files of fictitious patients, for trials and benchmarks.

The same arguments give the same bytes. A patient depends only on the seed, the provider and the patient's number, so
that a later round can change a patient without reading the first round.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import IO, Any

from webautodash.domain.limits import LARGEST_FILE
from webautodash.domain.naming import slug
from webautodash.errors import UsageError, without_context
from webautodash.services.demo import words

_FIRST_DAY = datetime(2025, 3, 10, 8, 30)  # noqa: DTZ001  # portals print local time
_BETWEEN_ROUNDS = timedelta(days=182)
_MOST = {"patients": 1_000_000, "providers": 10_000, "files": 10_000, "rounds": 100}
_MOST_FILES = 200_000
# Slightly more than the measured sizes.
_COMPACT_BYTES, _INDENTED_BYTES = 7_000, 8_000
_CHANGE_BYTES = 500
_FILE_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """What to generate. ``patients`` are divided over the providers, and each provider's over ``files``."""

    patients: int = 100
    providers: int = 2
    files: int = 1
    rounds: int = 1
    changed: float = 0.1
    """Share of the patients that each round after the first changes."""
    seed: int = 1
    indent: int | None = 2

    def check(self) -> None:
        """Raise UsageError for numbers that are out of range."""
        for name, most in _MOST.items():
            if not 1 <= getattr(self, name) <= most:
                raise UsageError(f"{name} must be at least 1 and at most {most:,}")
        if not 0 <= self.changed <= 1:
            raise UsageError("changed must be between 0 and 1")
        if self.number_of_files > _MOST_FILES:
            raise UsageError(
                f"providers, files and rounds give {self.number_of_files:,} files together, more than "
                f"{_MOST_FILES:,}; lower one of them"
            )
        if self.size / self.number_of_files > LARGEST_FILE:
            raise UsageError(f"each file would be larger than {LARGEST_FILE >> 20:,} MiB; raise the number of files")

    @property
    def number_of_files(self) -> int:
        """Number of files of all providers and rounds."""
        return self.providers * self.files * self.rounds

    @property
    def size(self) -> int:
        """Upper estimate of the bytes of all files."""
        changes = _CHANGE_BYTES * self.changed * (self.rounds - 1) / 2
        patients = (
            self.patients * self.rounds * ((_COMPACT_BYTES if self.indent is None else _INDENTED_BYTES) + changes)
        )
        return round(patients) + self.number_of_files * _FILE_BYTES


def write_demo_data(folder: Path, plan: DemoPlan) -> list[Path]:
    """Write ``<folder>/<provider>/*.json``. Returns the files in the order of their extraction.

    Raises UsageError before the first file if the plan is out of range or too large for the disk, and for a file that
    exists: demonstration data never replaces anything.
    """
    plan.check()
    _require_space(folder, plan)
    written = []
    for number in range(plan.rounds):
        for provider in range(plan.providers):
            for part in range(plan.files):
                written.append(_write(folder, plan, number, provider, part))
    return written


def _require_space(folder: Path, plan: DemoPlan) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if plan.size > free:
        raise UsageError(
            f"the files need about {plan.size >> 20:,} MiB and {existing} has {free >> 20:,} MiB free; lower "
            "the number of patients or rounds, or choose another folder"
        )


def provider_name(number: int) -> str:
    """The name of a provider, different for each number."""
    names = _random(f"provider/{number}")
    first = names.choice(words.FIRST_NAMES["Female"] + words.FIRST_NAMES["Male"])
    return f"{first} {names.choice(words.LAST_NAMES)} {number + 1}"


@without_context
def _write(folder: Path, plan: DemoPlan, round_number: int, provider: int, part: int) -> Path:
    name = provider_name(provider)
    at = _FIRST_DAY + round_number * _BETWEEN_ROUNDS + timedelta(minutes=part)
    path = folder / slug(name) / f"{slug(name)}_practice_fusion_all_patients_{at:%Y%m%d}_{part + 1:03}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {
        "job_id": 1000 + round_number * 100 + part,
        "job_name": "demonstration sweep",
        "extraction_mode": "ALL_PATIENTS",
        "provider_name": name,
        "portal_name": "Practice Fusion",
        "target_url": "https://portal.example",
        "patient_identifier": None,
        "medication": words.TARGET_MEDICATIONS[provider % len(words.TARGET_MEDICATIONS)],
        "start_date": "2020-01-01",
        "end_date": "2024-12-31",
        "extracted_at": at.isoformat(),
        "results_filename": path.name,
        "provider_directory": path.parent.name,
    }
    try:
        with path.open("x", encoding="utf-8") as file:
            _dump(file, plan, metadata, _patients(plan, round_number, provider, part, at))
    except FileExistsError:
        raise UsageError(f"{path} exists already; write demonstration data into a new folder") from None
    return path


def _dump(file: IO[str], plan: DemoPlan, metadata: dict[str, Any], patients: Iterator[dict[str, Any]]) -> None:
    # One patient at a time: the whole file may be larger than the memory.
    file.write('{\n"extraction_metadata": ' + json.dumps(metadata, ensure_ascii=False, indent=plan.indent))
    file.write(',\n"extraction_results": [')
    for number, patient in enumerate(patients):
        file.write(",\n" if number else "\n")
        file.write(json.dumps(patient, ensure_ascii=False, indent=plan.indent))
    file.write("\n]}\n")


def _random(seed: str) -> Random:
    return Random(seed)  # noqa: S311  # reproducible, not secret


def _patients(plan: DemoPlan, round_number: int, provider: int, part: int, at: datetime) -> Iterator[dict[str, Any]]:
    numbers = range(provider, plan.patients, plan.providers)
    for number in numbers[part :: plan.files]:
        patient = _patient(plan, provider, number, at)
        for later in range(1, round_number + 1):
            _change(patient, _random(f"{plan.seed}/{provider}/{number}/{later}"), plan.changed, at)
        if round_number:
            _shuffle(patient, _random(f"{plan.seed}/{provider}/{number}/order/{round_number}"))
        yield patient


def _patient(plan: DemoPlan, provider: int, number: int, at: datetime) -> dict[str, Any]:
    draw = _random(f"{plan.seed}/{provider}/{number}")
    gender = draw.choice(("Female", "Male"))
    name = f"{draw.choice(words.FIRST_NAMES[gender])} {draw.choice(words.LAST_NAMES)}"
    born = date(1930, 1, 1) + timedelta(days=draw.randrange(30_000))
    medications = [_medication(draw, at) for _ in range(draw.randrange(3, 14))]
    return {
        "patient_id": f"{draw.getrandbits(128):032x}",
        "patient_name": name,
        "demographics_printable": {
            "prn": f"P{provider + 1:03}{number:07}",
            "patient_name": name,
            "date_of_birth": f"{born:%m/%d/%Y}",
            "age": f"{(at.date() - born).days // 365} yrs",
            "gender": gender,
        },
        "filter_medication_name": medications[0]["medication_name"],
        "filter_start_date": "2020-01-01",
        "filter_stop_date": "2024-12-31",
        "summary_page_url": f"https://portal.example/#/charts/patients/{number}/summary",
        "extraction_metadata": {"extraction_method": "printable_summary", "found_at": at.isoformat()},
        "all_medications": medications,
        "all_diagnoses": [_diagnosis(draw, at) for _ in range(draw.randrange(3, 14))],
        "all_allergies": [_allergy(draw) for _ in range(draw.randrange(0, 5))],
        "all_health_concerns": [_concern(draw) for _ in range(draw.randrange(1, 7))],
    }


def _scraped(method: str, at: datetime) -> dict[str, Any]:
    return {"row_index": 0, "extraction_method": method, "extracted_at": at.isoformat()}


def _span(draw: Random) -> tuple[str, str]:
    start = date(2005, 1, 1) + timedelta(days=draw.randrange(7_000))
    stop = start + timedelta(days=draw.randrange(10, 900))
    return f"{start:%m/%d/%Y}", f"{stop:%m/%d/%Y}" if draw.random() < 0.5 else ""


def _medication(draw: Random, at: datetime) -> dict[str, Any]:
    ingredient, strengths, form = draw.choice(words.DRUGS)
    start, stop = _span(draw)
    return {
        "medication_name": f"{ingredient} {draw.choice(strengths)} {form}",
        "medication_type": "historical" if stop else draw.choice(("active", "current")),
        "sig": draw.choice(words.SIGS),
        "start_date": start,
        "stop_date": stop,
        "dates": f"{start} - {stop}",
        "diagnosis": "",
        **_scraped("medications_table", at),
    }


def _diagnosis(draw: Random, at: datetime) -> dict[str, Any]:
    start, stop = _span(draw)
    return {
        "diagnosis_text": draw.choice(words.DIAGNOSIS_TEXTS),
        "diagnosis_type": "historical" if stop else "current",
        "acuity": draw.choice(words.ACUITIES),
        "start_date": start,
        "stop_date": stop,
        **_scraped("diagnoses_table", at),
    }


def _allergy(draw: Random) -> dict[str, Any]:
    allergen, kind = draw.choice(words.ALLERGENS)
    return {
        "allergen": allergen,
        "allergy_type": kind,
        "reaction": draw.choice(words.REACTIONS),
        "severity": draw.choice(words.SEVERITIES),
    }


def _concern(draw: Random) -> dict[str, Any]:
    start, stop = _span(draw)
    return {
        "concern_text": draw.choice(words.CONCERNS),
        "concern_type": draw.choice(words.CONCERN_TYPES),
        "priority": draw.choice(words.PRIORITIES),
        "start_date": start,
        "end_date": stop,
    }


def _change(patient: dict[str, Any], draw: Random, share: float, at: datetime) -> None:
    """Change a share of the patients: a new medication, and sometimes more."""
    if draw.random() >= share:
        return
    patient["all_medications"].append(_medication(draw, at))
    if draw.random() < 0.3:
        patient["all_diagnoses"].append(_diagnosis(draw, at))
    if patient["all_allergies"] and draw.random() < 0.2:
        patient["all_allergies"].pop()
    if draw.random() < 0.05:
        patient["demographics_printable"]["patient_name"] += "-" + draw.choice(words.LAST_NAMES)


def _shuffle(patient: dict[str, Any], draw: Random) -> None:
    """Change what differs between two extractions of an unchanged patient: UUID and order."""
    patient["patient_id"] = f"{draw.getrandbits(128):032x}"
    for name in ("all_medications", "all_diagnoses", "all_allergies", "all_health_concerns"):
        draw.shuffle(patient[name])
        for index, item in enumerate(patient[name]):
            if "row_index" in item:
                item["row_index"] = index
