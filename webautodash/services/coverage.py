"""Tells whether what a search would extract is stored already, and which days are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webautodash.domain.coverage import DayRange, is_for, is_of_one_patient, merged, uncovered
from webautodash.domain.dates import utc_now
from webautodash.errors import UsageError
from webautodash.repositories.coverage import MissingPatient, SearchedSession
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store


@dataclass(frozen=True, slots=True)
class PatientCoverage:
    """The days that have a complete extraction of one patient."""

    prn: str
    sessions: tuple[int, ...]
    """Numbers of the sessions with a complete extraction of the patient."""
    uncovered: tuple[DayRange, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which sessions searched for a medication on some days, and which days are missing."""

    provider: str
    medication: str
    days: DayRange
    """The days that were asked for."""
    is_covered: bool
    uncovered: tuple[DayRange, ...]
    """The days that no session covers, earliest first; of several patients, those that any of them lacks."""
    sessions: tuple[SearchedSession, ...]
    """The sessions that cover at least one of the days, in the order in which they were stored."""
    newest_at: datetime | None
    """Time of the latest of these sessions: of its extraction, or of its ingest if the file has no time."""
    newest_age_seconds: int | None
    missing_patients: tuple[MissingPatient, ...]
    """Patients of these sessions that are set aside, for example because their extraction is incomplete."""
    patients: tuple[PatientCoverage, ...]
    """One for each requested patient."""


def coverage(store: Store, provider: str, medication: str, days: DayRange, prns: Sequence[str] = ()) -> Coverage:
    """Report the coverage of a medication and some days by the sessions of a provider, or of some patients.

    A session covers the days from its start date to its end date. One of a single patient, or whose patients are all
    set aside, covers nothing for the provider as a whole. For patients, a session counts only with a complete
    extraction of them. Raises UsageError for no medication, no day or an empty PRN.
    """
    wanted = tuple(dict.fromkeys(prn.strip() for prn in prns))
    if not medication.strip() or not days.days or "" in wanted:
        raise UsageError("coverage needs a medication, a first day that is not after the last, and no empty PRN")
    owner = resolve_provider(store, provider)
    with store.provider_database(owner).reading() as work:
        searched = [
            one for one in work.coverage.sessions(days) if is_for(medication, one.target_medication) and one.days.days
        ]
        by_number = {one.id: one for one in searched}
        extracted = work.coverage.complete_extractions(wanted, by_number) if wanted else {}
        patients = tuple(
            PatientCoverage(prn, numbers, uncovered(days, (by_number[number].days for number in numbers)))
            for prn in wanted
            for numbers in [tuple(sorted(extracted.get(prn, ())))]
        )
        if wanted:
            used = {number for one in patients for number in one.sessions}
            covering = [one for one in searched if one.id in used]
            gaps = merged(gap for one in patients for gap in one.uncovered)
            missing = work.coverage.missing_patients(list(by_number), wanted)
        else:
            covering = [one for one in searched if _covers_everyone(one)]
            gaps = uncovered(days, (one.days for one in covering))
            missing = work.coverage.missing_patients([one.id for one in covering])
    newest_at = max((one.extracted_at or one.ingested_at for one in covering), default=None)
    age = None if newest_at is None else max(0, int((utc_now() - newest_at).total_seconds()))
    return Coverage(owner.slug, medication, days, not gaps, gaps, tuple(covering), newest_at, age, missing, patients)


def _covers_everyone(one: SearchedSession) -> bool:
    """Whether a session says something about the provider's patients: it stored some, or there were none to find."""
    if is_of_one_patient(one.extraction_mode, one.patient_identifier):
        return False
    return one.set_aside < one.found or one.found == 0
