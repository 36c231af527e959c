"""Verifies all rows of one provider's database."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from webautodash.domain.checksum import canonical_person, checksum
from webautodash.domain.dates import parse_date
from webautodash.domain.extraction.document.session_metadata import is_key_of
from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.derived_columns import derived_columns
from webautodash.domain.extraction.lists.rows import Rows, RowTable
from webautodash.domain.extraction.patient.demographics import other_demographics
from webautodash.domain.legacy.sessions import is_adopted
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.repositories.cross_references import SessionCounts
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.repositories.verification import ExtractionRange, StoredExtraction, StoredRows
from webautodash.services.verify.altered_rows import StoredChecks
from webautodash.services.verify.report import EXTRACTIONS, SESSIONS, RowFault, WrongRow

_SHA256 = re.compile("[0-9a-f]{64}")

Lists = Mapping[str, Rows]


class RowVerifier:
    """Reads a database once, yields wrong rows, and counts what it verified."""

    def __init__(
        self, work: ProviderWork, provider: RegisteredProvider, database: str, on_extractions: Callable[[int], None]
    ) -> None:
        self._stored, self._references = work.verification, work.cross_references
        self._failures = work.stored_failures
        self._order, self._database = provider.date_order, database
        self._on_extractions = on_extractions
        self._adopted: frozenset[int] = frozenset()
        # By session and table.
        self._counted: Counter[tuple[int, str]] = Counter()
        self.extractions = 0
        self.rows = 0
        self.unchecked = 0

    def wrong_rows(self) -> Iterator[WrongRow]:
        """Yield every row that is not as it was written, as far as that can be determined."""
        stored, references = self._stored, self._references
        sessions = references.session_counts()
        self._adopted = frozenset(
            one.id for one in sessions if is_adopted(self._database, one.id, one.content_sha256, one.extra)
        )
        for part in stored.ranges():
            yield from self._part(part)
            self._on_extractions(self.extractions)
        for session in sessions:
            yield from self._session(session)
        for one in stored.criteria():
            if not is_key_of(one.key, one.values):
                message = "criteria_key does not match target_medication, start_date and end_date"
                yield WrongRow(SESSIONS, one.session_id, RowFault.SESSION, message)
        for number in references.unlike_session():
            yield WrongRow(
                EXTRACTIONS, number, RowFault.SESSION, "its criteria or extracted_at differ from the session"
            )
        yield from self._patients()
        for failed in chain.from_iterable(self._failures.batches()):
            message = "stored as data, but the extraction failed"
            yield WrongRow(EXTRACTIONS, failed.id, RowFault.INCOMPLETE, message)
        for lost in references.without_parent():
            yield WrongRow(lost.table, lost.id, RowFault.PARENT, f"{lost.column} refers to a missing row")
        for fault in references.file_faults():
            yield WrongRow(None, None, RowFault.FILE, f"integrity check: {fault}")
        for value in stored.unreadable:
            message = f"{value.column} holds an unreadable value"
            yield WrongRow(value.table, value.id, RowFault.UNREADABLE, message)

    def _patients(self) -> Iterator[WrongRow]:
        references = self._references
        for patient in references.mismatched_patients(excluded_sessions=sorted(self._adopted)):
            if patient.extraction_id is None:
                message = "its session has no extraction of this patient"
            else:
                columns = ", ".join(patient.columns)
                message = f"{columns}: differs from {EXTRACTIONS} {patient.extraction_id}, the source of the values"
            yield WrongRow("patients", patient.patient_id, RowFault.MASTER, message)
        for number, stored_fields, extras in references.with_other_demographics():
            if not _are_from(stored_fields, extras):
                message = f"other_demographics: differs from the {EXTRACTIONS} of this patient"
                yield WrongRow("patients", number, RowFault.MASTER, message)

    def _part(self, part: ExtractionRange) -> Iterator[WrongRow]:
        originals = {one.id: one for one in part.originals}
        written = StoredChecks()
        yield from written.extractions(part.originals)
        lists: dict[int, dict[str, Rows]] = {number: {} for number in originals}
        for which in LISTS:
            stored = self._stored.rows(which, part)
            self.rows += len(stored.ids)
            yield from self._misread(stored, originals)
            yield from written.rows(stored)
            strays = [place for place, owner in enumerate(stored.owners) if owner not in originals]
            for place in strays:
                message = (
                    f"belongs to {EXTRACTIONS} {stored.owners[place]}, which does not exist or has no rows of its own"
                )
                yield WrongRow(which.name, stored.ids[place], RowFault.STRAY, message)
            for number, rows in _divided(stored, originals, strays).items():
                lists[number][which.name] = rows
                self._counted[originals[number].session_id, which.name] += len(rows)
        found = {number: _checksum(one, lists[number]) for number, one in originals.items()}
        for number, one in originals.items():
            yield from self._person(one)
            if found[number] != one.checksum:
                message = "data_checksum does not match the row and its clinical rows"
                yield WrongRow(EXTRACTIONS, number, RowFault.CHECKSUM, message)
        for one in self._stored.duplicates(part):
            yield from written.extractions([one])
            yield from self._person(one)
            repeated = originals.get(one.duplicate_of_id or 0)
            if repeated is None:
                message = f"repeats {EXTRACTIONS} {one.duplicate_of_id}, which does not exist or has no rows of its own"
                yield WrongRow(EXTRACTIONS, one.id, RowFault.DUPLICATE, message)
            elif not _repeats(one, repeated, lists[repeated.id], found[repeated.id]):
                message = f"data_checksum does not match the row and the clinical rows of {EXTRACTIONS} {repeated.id}"
                yield WrongRow(EXTRACTIONS, one.id, RowFault.CHECKSUM, message)
        self.unchecked += written.unchecked

    def _person(self, one: StoredExtraction) -> Iterator[WrongRow]:
        self.extractions += 1
        # In adopted sessions every extraction counts, as in the earlier scripts; in others failed ones do not.
        failed = one.status == ProcessingStatus.FAILED
        self._counted[one.session_id, EXTRACTIONS] += one.session_id in self._adopted or not failed
        if one.patient_prn not in (None, one.prn):
            yield WrongRow(EXTRACTIONS, one.id, RowFault.PATIENT, "patient_id refers to a patient with another prn")
        if not failed and (one.status == ProcessingStatus.DUPLICATE) != (one.duplicate_of_id is not None):
            yield WrongRow(EXTRACTIONS, one.id, RowFault.DUPLICATE, "processing_status and duplicate_of_id disagree")
        born = parse_date(one.demographics["date_of_birth_text"], self._order)
        if born != one.demographics["date_of_birth"] and not (born is None and one.session_id in self._adopted):
            yield _misread(EXTRACTIONS, one.id, "date_of_birth")

    def _misread(self, stored: StoredRows, originals: Mapping[int, StoredExtraction]) -> Iterator[WrongRow]:
        """Yield rows with derived columns that do not match the columns they are derived from."""
        which, copied = stored.which, len(stored.which.copied)
        if not stored.ids:
            return
        read = derived_columns(which, stored.columns, stored.columns[-1], self._order)
        # Earlier versions did not derive a code from its own field.
        before = derived_columns(which, stored.columns, None, self._order)
        for name, now, earlier, then in zip(which.derived, read, before, stored.columns[copied:-1], strict=True):
            if list(now) == list(then):
                continue
            each = zip(stored.ids, stored.owners, now, earlier, then, strict=True)
            for number, owner, one, old, other in each:
                # Values of the earlier scripts are kept where this program derives none.
                adopted = one is None and owner in originals and originals[owner].session_id in self._adopted
                if other not in (one, old) and not adopted:
                    yield _misread(which.name, number, name)

    def _session(self, one: SessionCounts) -> Iterator[WrongRow]:
        """Compare a session's counts with the rows."""
        tally = one.tally
        counts = {which.name: (tally.rows[which.name], self._counted[one.id, which.name]) for which in LISTS}
        extractions = self._counted[one.id, EXTRACTIONS]
        if one.id in self._adopted:
            counts["patients_stored"] = (tally.patients_stored, extractions)
        else:
            counts["total_patients_found"] = (one.found, tally.total_patients_found)
            counts["successful_extractions"] = (one.successful, extractions + one.repeated)
            counts["stored, changed and duplicates"] = (tally.successful_extractions, one.successful)
            counts["failed_extractions"] = (tally.failed_extractions, one.set_aside)
            counts["conflicts_detected"] = (tally.conflicts_detected, one.conflicts)
        if not self._adopted:
            # Adopted databases have patients without extractions, whose later extraction is not their first.
            counts["patients_new"] = (tally.patients_new, one.new_patients)
        for name, (recorded, counted) in counts.items():
            if recorded != counted:
                yield WrongRow(SESSIONS, one.id, RowFault.COUNTS, f"{name}: {recorded} recorded, {counted} counted")
        if _SHA256.fullmatch(one.content_sha256) is None:
            yield WrongRow(SESSIONS, one.id, RowFault.UNREADABLE, "content_sha256 is not a SHA-256")


def _divided(stored: StoredRows, originals: Mapping[int, StoredExtraction], strays: Sequence[int]) -> dict[int, Rows]:
    """Divide rows by extraction; both are ordered by number."""
    columns, owners = stored.columns, stored.owners
    if strays:
        apart = frozenset(strays)
        kept = [place for place in range(len(owners)) if place not in apart]
        columns, owners = [[column[place] for place in kept] for column in columns], [owners[place] for place in kept]
    numbers = Counter(owners)
    table = RowTable(stored.which, columns)
    return dict(zip(originals, table.divided(numbers[number] for number in originals), strict=True))


def _checksum(one: StoredExtraction, lists: Lists) -> str:
    try:
        return checksum(one.prn, one.demographics, lists)
    except (ValueError, TypeError, RecursionError):
        # Values that no file can have.
        return ""


def _repeats(one: StoredExtraction, repeated: StoredExtraction, lists: Lists, found: str) -> bool:
    if canonical_person(one.prn, one.demographics) == canonical_person(repeated.prn, repeated.demographics):
        # If the rows of the other extraction are wrong, that one is reported.
        return one.checksum in (found, repeated.checksum)
    return one.checksum == _checksum(one, lists)


def _are_from(stored: str, extras: Iterable[str]) -> bool:
    """Whether each unknown demographic field of a patient has the value of one of the extractions."""
    fields = _fields(stored)
    if fields is None:
        return False
    unmatched = dict(fields)
    for extra in extras:
        values = other_demographics(_fields(extra)) or {}
        unmatched = {name: value for name, value in unmatched.items() if name not in values or values[name] != value}
        if not unmatched:
            return True
    return False


def _fields(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _misread(table: str, number: int, column: str) -> WrongRow:
    return WrongRow(table, number, RowFault.MISREAD, f"{column} does not match the text it is derived from")
