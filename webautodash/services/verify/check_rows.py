"""A look at all rows of one provider's database."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from webautodash.domain.checksum import canonical_person, checksum
from webautodash.domain.dates import parse_date
from webautodash.domain.earlier_scripts.sessions import is_adopted
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.extraction.demographics import other_demographics
from webautodash.domain.extraction.derived_columns import derived_columns
from webautodash.domain.extraction.rows import Rows, RowTable
from webautodash.domain.extraction.session_metadata import is_key_of
from webautodash.domain.vocabulary import ProcessingStatus
from webautodash.repositories.cross_references import SessionCounts
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.repositories.verification import (
    ExtractionRange,
    StoredExtraction,
    StoredRows,
)
from webautodash.services.verify.report import EXTRACTIONS, SESSIONS, RowFault, WrongRow
from webautodash.services.verify.row_checks import StoredChecks

_SHA256 = re.compile("[0-9a-f]{64}")

Lists = Mapping[str, Rows]


class RowVerifier:
    """Goes through a database once and counts what it looks at."""

    def __init__(
        self,
        work: ProviderWork,
        provider: RegisteredProvider,
        database: str,
        on_extractions: Callable[[int], None],
    ) -> None:
        self._stored, self._ledgers = work.verification, work.cross_references
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
        """Every row that is not what it was, as far as that can be seen."""
        stored, ledgers = self._stored, self._ledgers
        ledger = ledgers.ledger()
        self._adopted = frozenset(
            one.id for one in ledger if is_adopted(self._database, one.id, one.content_sha256, one.extra)
        )
        for stretch in stored.stretches():
            yield from self._stretch(stretch)
            self._on_extractions(self.extractions)
        for session in ledger:
            yield from self._session(session)
        for one in stored.criteria():
            if not is_key_of(one.key, one.values):
                said = "criteria_key is not what its target_medication, start_date and end_date come to"
                yield WrongRow(SESSIONS, one.session_id, RowFault.SESSION, said)
        for number in ledgers.apart_from_session():
            yield WrongRow(EXTRACTIONS, number, RowFault.SESSION, "its criteria or extracted_at are not its session's")
        yield from self._masters()
        for failed in chain.from_iterable(self._failures.batches()):
            said = "it counts as data, and says that it failed"
            yield WrongRow(EXTRACTIONS, failed.id, RowFault.INCOMPLETE, said)
        for lost in ledgers.without_parent():
            yield WrongRow(lost.table, lost.id, RowFault.PARENT, f"{lost.column} leads to no row")
        for fault in ledgers.file_faults():
            yield WrongRow(None, None, RowFault.FILE, f"integrity check: {fault}")
        for value in stored.unreadable:
            said = f"{value.column} holds what cannot be read as such a value"
            yield WrongRow(value.table, value.id, RowFault.UNREADABLE, said)

    def _masters(self) -> Iterator[WrongRow]:
        ledgers = self._ledgers
        for master in ledgers.masters(but_of=sorted(self._adopted)):
            if master.extraction_id is None:
                said = "the session that it names has no extraction of this patient"
            else:
                columns = ", ".join(master.columns)
                said = f"{columns}: not what {EXTRACTIONS} {master.extraction_id} says, where the values come from"
            yield WrongRow("patients", master.patient_id, RowFault.MASTER, said)
        for number, stored_fields, extras in ledgers.with_other_demographics():
            if not _is_said(stored_fields, extras):
                said = f"other_demographics: not what {EXTRACTIONS} of this patient say"
                yield WrongRow("patients", number, RowFault.MASTER, said)

    def _stretch(self, stretch: ExtractionRange) -> Iterator[WrongRow]:
        originals = {one.id: one for one in stretch.originals}
        written = StoredChecks()
        yield from written.extractions(stretch.originals)
        lists: dict[int, dict[str, Rows]] = {number: {} for number in originals}
        for which in LISTS:
            stored = self._stored.rows(which, stretch)
            self.rows += len(stored.ids)
            yield from self._misread(stored, originals)
            yield from written.rows(stored)
            strays = [place for place, owner in enumerate(stored.owners) if owner not in originals]
            for place in strays:
                said = f"belongs to {EXTRACTIONS} {stored.owners[place]}, which is not there or has no rows of its own"
                yield WrongRow(which.name, stored.ids[place], RowFault.STRAY, said)
            for number, rows in _divided(stored, originals, strays).items():
                lists[number][which.name] = rows
                self._counted[originals[number].session_id, which.name] += len(rows)
        found = {number: _checksum(one, lists[number]) for number, one in originals.items()}
        for number, one in originals.items():
            yield from self._person(one)
            if found[number] != one.checksum:
                said = "data_checksum is not what it and its rows come to"
                yield WrongRow(EXTRACTIONS, number, RowFault.CHECKSUM, said)
        for one in self._stored.duplicates(stretch):
            yield from written.extractions([one])
            yield from self._person(one)
            repeated = originals.get(one.duplicate_of_id or 0)
            if repeated is None:
                said = f"repeats {EXTRACTIONS} {one.duplicate_of_id}, which is not there or has no rows of its own"
                yield WrongRow(EXTRACTIONS, one.id, RowFault.DUPLICATE, said)
            elif not _repeats(one, repeated, lists[repeated.id], found[repeated.id]):
                said = f"data_checksum is not what it and the rows of {EXTRACTIONS} {repeated.id} come to"
                yield WrongRow(EXTRACTIONS, one.id, RowFault.CHECKSUM, said)
        self.unchecked += written.unchecked

    def _person(self, one: StoredExtraction) -> Iterator[WrongRow]:
        self.extractions += 1
        # Of an adopted session each counts as its scripts counted; of others one that was set aside since does not.
        failed = one.status == ProcessingStatus.FAILED
        self._counted[one.session_id, EXTRACTIONS] += one.session_id in self._adopted or not failed
        if one.patient_prn not in (None, one.prn):
            yield WrongRow(EXTRACTIONS, one.id, RowFault.PATIENT, "patient_id leads to a patient with another prn")
        if not failed and (one.status == ProcessingStatus.DUPLICATE) != (one.duplicate_of_id is not None):
            yield WrongRow(EXTRACTIONS, one.id, RowFault.DUPLICATE, "processing_status and duplicate_of_id disagree")
        born = parse_date(one.demographics["date_of_birth_text"], self._order)
        if born != one.demographics["date_of_birth"] and not (born is None and one.session_id in self._adopted):
            yield _misread(EXTRACTIONS, one.id, "date_of_birth")

    def _misread(self, stored: StoredRows, originals: Mapping[int, StoredExtraction]) -> Iterator[WrongRow]:
        """Columns that do not hold what is read out of the others."""
        which, given = stored.which, len(stored.which.copied)
        if not stored.ids:
            return
        read = derived_columns(which, stored.columns, stored.columns[-1], self._order)
        # Earlier versions did not read a code out of its own field.
        before = derived_columns(which, stored.columns, None, self._order)
        for name, now, earlier, then in zip(which.derived, read, before, stored.columns[given:-1], strict=True):
            if list(now) == list(then):
                continue
            each = zip(stored.ids, stored.owners, now, earlier, then, strict=True)
            for number, owner, one, old, other in each:
                # What earlier scripts read is kept where this program reads nothing.
                adopted = one is None and owner in originals and originals[owner].session_id in self._adopted
                if other not in (one, old) and not adopted:
                    yield _misread(which.name, number, name)

    def _session(self, one: SessionCounts) -> Iterator[WrongRow]:
        """A session's counts against the rows."""
        tally = one.tally
        says = {which.name: (tally.rows[which.name], self._counted[one.id, which.name]) for which in LISTS}
        there = self._counted[one.id, EXTRACTIONS]
        if one.id in self._adopted:
            says["patients_stored"] = (tally.patients_stored, there)
        else:
            says["total_patients_found"] = (one.found, tally.total_patients_found)
            says["successful_extractions"] = (one.successful, there + one.repeated)
            says["stored, changed and duplicates"] = (tally.successful_extractions, one.successful)
            says["failed_extractions"] = (tally.failed_extractions, one.waiting)
            says["conflicts_detected"] = (tally.conflicts_detected, one.conflicts)
        if not self._adopted:
            # The earlier scripts knew patients of whom they have kept no extraction: who comes again is not new.
            says["patients_new"] = (tally.patients_new, one.newcomers)
        for name, (said, counted) in says.items():
            if said != counted:
                yield WrongRow(SESSIONS, one.id, RowFault.COUNTS, f"{name}: says {said}, there are {counted}")
        if _SHA256.fullmatch(one.content_sha256) is None:
            yield WrongRow(SESSIONS, one.id, RowFault.UNREADABLE, "content_sha256 is no SHA-256")


def _divided(stored: StoredRows, originals: Mapping[int, StoredExtraction], strays: Sequence[int]) -> dict[int, Rows]:
    """By extraction, its rows; both are in the order of their numbers."""
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
        # Of values that no file can have.
        return ""


def _repeats(one: StoredExtraction, repeated: StoredExtraction, lists: Lists, found: str) -> bool:
    if canonical_person(one.prn, one.demographics) == canonical_person(repeated.prn, repeated.demographics):
        # Where the rows of the other are what is wrong, that is said of the other.
        return one.checksum in (found, repeated.checksum)
    return one.checksum == _checksum(one, lists)


def _is_said(stored: str, extras: Iterable[str]) -> bool:
    """Whether each unknown demographic field of a patient is as one of the extractions says."""
    fields = _fields(stored)
    if fields is None:
        return False
    left = dict(fields)
    for extra in extras:
        said = other_demographics(_fields(extra)) or {}
        left = {name: value for name, value in left.items() if name not in said or said[name] != value}
        if not left:
            return True
    return False


def _fields(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _misread(table: str, number: int, column: str) -> WrongRow:
    return WrongRow(table, number, RowFault.MISREAD, f"{column} is not what is read out of the text beside it")
