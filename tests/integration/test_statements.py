"""The number of statements does not grow with the number of patients in a batch."""

from __future__ import annotations

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import event
from sqlalchemy.engine import Engine


def _patients(number: int, drug: str) -> list[dict[str, object]]:
    return [
        a_patient(
            f"P{n:04}",
            # Of two neighbours each lacks what the other has: nulls must not split a batch.
            medications=[drug, {"medication_name": "Aspirin 81 mg", "sig": "daily"} if n % 2 else {"row_index": n}],
            diagnoses=["Gout (M10.079)", {"acuity": "Chronic"}],
            allergies=["Latex", {"severity": "Mild"}],
            health_concerns=["Smoker", {"status": "active", "odd": n} if n % 3 else {"notes": "x"}],
            **({"odd": n} if n % 2 else {"filter_provider": "x"}),
        )
        for n in range(number)
    ]


@pytest.mark.parametrize("changed", [False, True], ids=["first", "changed"])
def test_one_patient_and_five_hundred_take_the_same_number_of_statements(clinic: Clinic, changed: bool) -> None:
    counts = []
    statements: list[str] = []
    event.listen(Engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for provider, number in (("One", 1), ("Five Hundred", 500)):
        folder = provider.lower().replace(" ", "_")
        clinic.ingest(a_file(a_patient("warm up"), provider=provider, medication="other"), folder=folder)
        if changed:
            clinic.ingest(a_file(*_patients(number, "Xanax 1 mg"), provider=provider), folder=folder)
        statements.clear()
        outcome = clinic.ingest(
            a_file(*_patients(number, "Metformin 500 mg"), provider=provider, at="2025-01-01T00:00:00"), folder=folder
        )
        assert (outcome.changed if changed else outcome.stored) == number
        counts.append(len(statements))
    assert counts[0] == counts[1]
