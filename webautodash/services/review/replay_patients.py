"""Replays stored extractions of patients in the order of their times, and corrects the stored rows.

No decision of a person is changed and no conflict is deleted: a conflict that the replay does not show is closed as a
false positive by a review step, and a later correction can reopen it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.extraction.lists.reread_lists import as_read_today
from webautodash.domain.extraction.patient.demographics import Demographics
from webautodash.domain.patient_outcome import CurrentPatient, merge_demographics
from webautodash.domain.replay import (
    CompleteExtraction,
    Replay,
    ReplayedExtraction,
    StoredLists,
    pairs_to_compare,
    sort_by_time,
)
from webautodash.domain.row_checks import clear_list_checks, copy_list_checks
from webautodash.domain.vocabulary import ConflictType, EventKind, ProcessingStatus
from webautodash.repositories.conflicts import ConflictEntry
from webautodash.repositories.patients import PatientRow, StoredPatient
from webautodash.repositories.pending_events import Event
from webautodash.repositories.replays import RewrittenExtraction, StoredConflict
from webautodash.repositories.sessions import Tally
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.review.load_lists import ExtraLoader, ListLoader
from webautodash.services.review.replay_conflicts import ConflictCorrections, correct_conflicts
from webautodash.services.store import ProviderDatabase

REPLAYED_AT_ONCE = 200
"""Number of patients in one batch."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who makes a correction, why and when; kept with its review steps."""

    by: str
    why: str
    at: datetime


@dataclass(slots=True)
class ReplayCounts:
    """What a replay changed."""

    patients: int = 0
    patients_changed: int = 0
    """Patients whose row got other values."""
    extractions_changed: int = 0
    """Extractions that became duplicates, or are no longer, or got another status."""
    conflicts_added: int = 0
    conflicts_closed: int = 0
    """Closed as false positives, without recorded duplicates."""
    conflicts_reopened: int = 0
    conflicts_decided: int = 0
    """Not shown by the replay, and unchanged because a person decided about them."""


@dataclass(slots=True)
class _Batch(ConflictCorrections):
    """The changes of a batch of patients, collected before they are written."""

    patients: list[PatientRow] = field(default_factory=list)
    replayed: list[ReplayedExtraction] = field(default_factory=list)


class PatientReplayer:
    """Replays batches of patients in one transaction; ``finish`` writes the counts of their sessions."""

    def __init__(self, work: ProviderWork, provider: ProviderDatabase, reviewer: Reviewer) -> None:
        self._work, self._reviewer = work, reviewer
        self._order = provider.provider.date_order
        self._stored = work.replays
        self._adopted = self._stored.adopted(provider.database.name)
        self._sessions: set[int] = set()
        self._conflicts: Counter[int] = Counter()
        self._rows: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.counts = ReplayCounts()

    def replay(self, people: Mapping[str, StoredPatient], decisions: Mapping[int, int]) -> None:
        """Replay a batch of locked patients; ``decisions`` has, by patient id, the number of the session decision."""
        if not people:
            return
        extractions: defaultdict[int, list[CompleteExtraction]] = defaultdict(list)
        for one in self._stored.extractions([person.id for person in people.values()]):
            extractions[one.patient_id].append(one)
        conflicts: defaultdict[int, list[StoredConflict]] = defaultdict(list)
        for conflict in self._stored.conflicts([person.id for person in people.values()]):
            conflicts[conflict.patient_id].append(conflict)
        last = self._stored.last_steps([one.id for some in conflicts.values() for one in some])
        batch = _Batch()
        for prn, expected, entries in self._replayed(people, extractions, batch):
            person = people[prn]
            self._compare_row(prn, person, expected, extractions[person.id], batch)
            sessions = {one.session_id for one in extractions[person.id]}
            recorded = [one for one in conflicts[person.id] if self._is_replayable(one, sessions)]
            correct_conflicts(batch, entries, recorded, last, decisions[person.id])
            self._sessions |= sessions - self._adopted
            self.counts.patients += 1
        self._write(batch, extractions)

    def finish(self, moved: Mapping[int, int]) -> None:
        """Write the counts of the sessions, and an event for each session whose counts changed.

        ``moved`` has, by session, the number of extractions that were set aside; negative for those restored.
        """
        outcomes = self._stored.outcomes(self._sessions)

        def correct(session_id: int, tally: Tally) -> None:
            whole = tally.successful_extractions - moved.get(session_id, 0)
            tally.patients_stored, tally.patients_changed, repeats = outcomes[session_id]
            # Further records of a PRN in the same file also count as duplicates.
            in_file = whole - sum(outcomes[session_id])
            tally.patients_duplicate = repeats + in_file
            tally.failed_extractions += moved.get(session_id, 0)
            tally.conflicts_detected += self._conflicts[session_id]
            for name, changes in self._rows.items():
                tally.rows[name] += changes[session_id]

        at = self._reviewer.at
        for one in self._work.sessions.correct(sorted(self._sessions), correct):
            added = self._conflicts[one.id]
            self._work.pending_events.add(Event(EventKind.SESSION_CORRECTED, at, one.id, conflicts=added))

    def _is_replayable(self, conflict: StoredConflict, sessions: set[int]) -> bool:
        """Whether a replay can decide about a conflict: both sessions were stored by this program."""
        one, two = conflict.session_id_1, conflict.session_id_2
        # A conflict about the PRN itself is not between two stored extractions.
        is_compared = one != two and conflict.field_name != "prn"
        return is_compared and {one, two} <= sessions and two not in self._adopted

    def _replayed(
        self,
        people: Mapping[str, StoredPatient],
        extractions: Mapping[int, Sequence[CompleteExtraction]],
        batch: _Batch,
    ) -> Iterator[tuple[str, PatientRow | None, list[ConflictEntry]]]:
        """By patient, the expected row and conflicts."""
        complete = {
            prn: sort_by_time(
                one for one in extractions.get(person.id, ()) if one.status is not ProcessingStatus.FAILED
            )
            for prn, person in people.items()
        }
        pairs = {prn: pairs_to_compare(some) for prn, some in complete.items()}
        in_order = [pair for some in pairs.values() for pair in some if pair]
        # Loads the rows of many comparisons at once, in the order in which they are needed.
        lists = ListLoader(self._work, [tuple(one.source_id for one in pair) for pair in in_order])
        extras = ExtraLoader(self._work, [one.id for pair in in_order for one in pair])
        for prn, some in complete.items():
            replay = Replay({one.id: one for one in extractions.get(people[prn].id, ())}, self._adopted)
            entries: list[ConflictEntry] = []
            for one, pair in zip(some, pairs[prn], strict=True):
                replayed = replay.take(one, self._lists(pair, lists, extras))
                batch.replayed.append(replayed)
                if one.session_id not in self._adopted:
                    entries += [
                        ConflictEntry(
                            one.patient_id, prn, each.difference, each.old_session, each.new_session, one.session_id
                        )
                        for each in replayed.differences
                    ]
            current = replay.patient
            yield prn, _row(prn, current) if current is not None else None, entries

    def _lists(
        self, pair: Sequence[CompleteExtraction], lists: ListLoader, extras: ExtraLoader
    ) -> dict[int, StoredLists]:
        stored = lists.of(tuple(one.source_id for one in pair))
        read: dict[int, StoredLists] = {}
        for one in pair:
            rows = stored[one.source_id]
            reread = as_read_today(rows, extras.of(one.id), self._order)
            read[one.id] = StoredLists(reread or rows, reread is not None)
        return read

    def _compare_row(
        self,
        prn: str,
        person: StoredPatient,
        expected: PatientRow | None,
        extractions: Sequence[CompleteExtraction],
        batch: _Batch,
    ) -> None:
        if expected is None:
            # No complete extraction remains: the demographics are unknown.
            expected = PatientRow(prn, Demographics(), None, person.session_id)
        elif any(one.session_id in self._adopted for one in extractions):
            # The earlier scripts had more demographics in the patient row than in extractions.
            expected = expected._replace(demographics=merge_demographics(expected.demographics, person.demographics))
        stored = PatientRow(prn, person.demographics, person.as_of, person.session_id, person.other)
        # Older versions stored no unknown fields in the patient row: those of the extraction count.
        if expected not in (stored, stored._replace(other=stored.other or expected.other)):
            batch.patients.append(expected)
            self.counts.patients_changed += 1

    def _write(self, batch: _Batch, extractions: Mapping[int, Sequence[CompleteExtraction]]) -> None:
        reviewer = self._reviewer
        self.counts.conflicts_closed += batch.closed
        self.counts.conflicts_reopened += batch.reopened
        self.counts.conflicts_decided += batch.decided
        self._work.conflicts.add(batch.added, reviewer.at)
        for entry in batch.added:
            if entry.difference.conflict_type is not ConflictType.EXTRACTION_DUPLICATE:
                self._conflicts[entry.session_id_2] += 1
                self.counts.conflicts_added += 1
        self._stored.add_steps(batch.steps, reviewer.by, reviewer.why, reviewer.at)
        self._work.patients.replace(batch.patients, reviewer.at)
        self._write_extractions(batch.replayed, {one.id: one for some in extractions.values() for one in some})

    def _write_extractions(
        self, replayed: Sequence[ReplayedExtraction], by_id: Mapping[int, CompleteExtraction]
    ) -> None:
        copied = [each for each in replayed if each.copies_from is not None]
        removed = [each.extraction for each in replayed if each.drops_rows]
        kept_checks = self._copy_rows(copied, by_id)
        for one in removed:
            kept_checks[one.id] = one.row_checks and clear_list_checks(one.row_checks)
        rows = self._work.clinical.counts([one.id for one in removed])
        for one in removed:
            self._count(one.session_id, rows[one.id], -1)
        self._stored.remove_rows([one.id for one in removed])
        rewritten = [
            RewrittenExtraction(
                each.extraction.id,
                each.status,
                each.extraction.criteria_key,
                each.duplicate_of_id,
                kept_checks.get(each.extraction.id, each.extraction.row_checks),
            )
            for each in replayed
            if (each.status, each.duplicate_of_id) != (each.extraction.status, each.extraction.duplicate_of_id)
        ]
        self.counts.extractions_changed += len(rewritten)
        # Failed extractions that repeat one whose rows were removed refer to the new original.
        originals = {one.extraction.id: one.duplicate_of_id for one in replayed if one.drops_rows}
        rewritten += [
            RewrittenExtraction(one.id, one.status, one.criteria_key, originals[one.duplicate_of_id], one.row_checks)
            for one in by_id.values()
            if one.status is ProcessingStatus.FAILED and one.duplicate_of_id in originals
        ]
        self._stored.rewrite(rewritten)

    def _copy_rows(
        self, copied: Sequence[ReplayedExtraction], by_id: Mapping[int, CompleteExtraction]
    ) -> dict[int, str | None]:
        """Copy the clinical rows to extractions that are no longer duplicates. Returns their new ``row_checks``."""
        clinical = self._work.clinical
        checks: dict[int, str | None] = {}
        lists = ListLoader(self._work, [(each.extraction.source_id,) for each in copied])
        for each in copied:
            one, source = each.extraction, each.extraction.source_id
            clinical.add([(one.id, lists.of((source,))[source])])
            self._count(one.session_id, lists.counts[source], 1)
            of_source = by_id[source].row_checks
            checks[one.id] = copy_list_checks(one.row_checks, of_source) if one.row_checks and of_source else None
        return checks

    def _count(self, session_id: int, rows: Mapping[str, int], sign: int) -> None:
        for which in LISTS:
            self._rows[which.name][session_id] += sign * rows.get(which.name, 0)


def _row(prn: str, current: CurrentPatient) -> PatientRow:
    return PatientRow(prn, current.demographics, current.as_of, current.session_id, current.other)
