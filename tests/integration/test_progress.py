"""The progress of a run."""

from pathlib import Path

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.services.demo import DemoPlan, write_demo_data
from webautodash.services.ingest import Progress, ingest_paths


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_progress_goes_from_zero_to_all_files_and_patients(clinic: Clinic, workers: int) -> None:
    files = write_demo_data(clinic.results, DemoPlan(patients=1100, providers=2))
    reported: list[Progress] = []
    ingest_paths(clinic.store, workers=workers, on_progress=reported.append)
    size = sum(path.stat().st_size for path in files)
    assert reported[0] == Progress(0, 2, 0, size, 0)
    assert reported[-1] == Progress(2, 2, size, size, 1100)
    assert [now.patients for now in reported] == sorted(now.patients for now in reported)
    assert [now.size for now in reported] == sorted(now.size for now in reported)
    # A batch is reported before its file is done.
    assert {now.patients for now in reported if now.files == 0} > {0}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_that_are_rejected_or_stored_already_are_done_without_patients(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("A")))
    Path(clinic.results, "broken.json").write_text("{")
    reported: list[Progress] = []
    ingest_paths(clinic.store, rehash=True, on_progress=reported.append)
    assert (reported[-1].files, reported[-1].of_files, reported[-1].patients) == (2, 2, 0)
