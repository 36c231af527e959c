"""Statistics of one provider and of all."""

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.errors import UnknownProvider
from webautodash.repositories.statistics import DatabaseStatistics
from webautodash.services.statistics import statistics


@pytest.fixture
def busy(clinic: Clinic) -> Clinic:
    """Two providers, a second extraction with a change and a duplicate, a patient set aside, a rejected file."""
    clinic.ingest(a_file(a_patient("A1", medications=["X 1 mg"]), a_patient("A2"), a_patient(None)))
    clinic.ingest(a_file(a_patient("A1", medications=["Y 1 mg"]), a_patient("A2"), at="2024-03-04T09:00:00"))
    clinic.ingest(a_file(a_patient("B1", diagnoses=["Gout (M10.9)"]), provider="John Doe"), "john_doe")
    clinic.ingest(b"{", "john_doe")
    return clinic


def _reconciles(numbers: DatabaseStatistics) -> bool:
    return numbers.found == numbers.stored + numbers.changed + numbers.duplicates + numbers.set_aside


def test_the_numbers_of_one_provider_are_those_of_the_rows(busy: Clinic) -> None:
    one = statistics(busy.store, "Gary Wang").providers[0]
    assert (one.found, one.stored, one.changed, one.duplicates, one.set_aside) == (5, 2, 1, 1, 1)
    assert _reconciles(one)
    assert (one.total_patients, one.total_sessions, one.total_extractions) == (2, 2, 4)
    assert one.rows == {"medications": 2, "diagnoses": 0, "allergies": 0, "health_concerns": 0, "other_records": 0}
    assert one.conflicts_by_type == {
        ConflictType.MEDICATION_CONFLICT: 1,
        ConflictType.DATA_CHANGED: 0,
        ConflictType.DEMOGRAPHIC_MISMATCH: 0,
        ConflictType.EXTRACTION_DUPLICATE: 1,
    }
    assert one.conflicts_by_severity[Severity.MEDIUM] == one.conflicts_by_severity[Severity.LOW] == 1
    assert one.conflicts_by_status[ConflictStatus.UNRESOLVED] == one.unresolved_conflicts == 1
    assert one.last_extraction is not None
    assert one.last_extraction.isoformat() == "2024-03-04T09:00:00+00:00"


def test_all_is_the_sum_of_each(busy: Clinic) -> None:
    found = statistics(busy.store)
    assert [one.slug for one in found.providers] == ["gary_wang", "john_doe"]
    assert (found.total_providers, found.problems) == (2, ())
    for name in ("found", "stored", "total_patients", "total_sessions", "unresolved_conflicts"):
        assert getattr(found, name) == sum(getattr(one, name) for one in found.providers), name
    assert found.rows == {name: sum(one.rows[name] for one in found.providers) for name in found.rows}
    assert _reconciles(found)
    assert found.last_extraction == found.providers[0].last_extraction


def test_a_missing_database_is_a_problem_and_stops_nothing(busy: Clinic) -> None:
    busy.store.server.drop(busy.database_name("john_doe"))
    found = statistics(busy.store)
    assert [one.slug for one in found.providers] == ["gary_wang"]
    assert [one.slug for one in found.problems] == ["john_doe"]
    assert found.total_providers == 2
    assert found.found == 5


def test_an_empty_store_has_zero_of_everything(clinic: Clinic) -> None:
    found = statistics(clinic.store)
    assert (found.total_providers, found.found, found.last_extraction) == (0, 0, None)
    assert set(found.conflicts_by_type) == set(ConflictType)
    with pytest.raises(UnknownProvider):
        statistics(clinic.store, "unknown")
