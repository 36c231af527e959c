"""Stored extractions of some patients replayed in the order of their times, and what is stored put right by it.

Nothing that a person decided is changed, and no conflict is deleted: one that there should not be is closed as a
false positive by a review step, and a later correction can reopen it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webautodash.domain.decisions import CurrentPatient, merge_demographics
from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.extraction.demographics import Demographics
from webautodash.domain.extraction.reread_lists import as_read_today
from webautodash.domain.extraction.rows import Rows
from webautodash.domain.replay import (
    CompleteExtraction,
    Replay,
    ReplayedExtraction,
    StoredLists,
    pairs_to_compare,
    sort_by_time,
)
from webautodash.domain.row_checks import clear_list_checks, copy_list_checks
from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus, ConflictType, EventKind, ProcessingStatus
from webautodash.repositories.conflicts import ConflictEntry
from webautodash.repositories.patients import PatientRow, StoredPatient
from webautodash.repositories.pending_events import Event
from webautodash.repositories.replays import (
    CorrectionStep,
    LastStep,
    RewrittenExtraction,
    StoredConflict,
)
from webautodash.repositories.sessions import Tally
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.store import ProviderDatabase

BATCH = 200
"""Patients that are replayed at once."""
_MOST_ROWS = 20_000
"""Clinical rows that are held at once, but for those of two extractions that have more."""
_EXTRAS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who corrects, why and when: for the review steps that a correction takes."""

    by: str
    why: str
    at: datetime


@dataclass(slots=True)
class ReplayCounts:
    """What a replay found and put right."""

    patients: int = 0
    patients_changed: int = 0
    """Patients' rows that hold other values now."""
    extractions_changed: int = 0
    """Extractions that repeat another one now, or no longer, or have another status."""
    conflicts_added: int = 0
    conflicts_closed: int = 0
    """Closed as false positives; recorded duplicates apart."""
    conflicts_reopened: int = 0
    conflicts_decided: int = 0
    """No longer what a comparison shows, and left as they are: a person has decided about them."""


@dataclass(slots=True)
class _Batch:
    """What the replay of some patients leads to, collected before it is written."""

    added: list[ConflictEntry] = field(default_factory=list)
    steps: list[CorrectionStep] = field(default_factory=list)
    masters: list[PatientRow] = field(default_factory=list)
    replayed: list[ReplayedExtraction] = field(default_factory=list)


class PatientReplayer:
    """Replays patients batch by batch in one transaction; ``finish`` writes the counts of their sessions."""

    def __init__(self, work: ProviderWork, provider: ProviderDatabase, reviewer: Reviewer) -> None:
        self._work, self._reviewer = work, reviewer
        self._order = provider.provider.date_order
        self._stored = work.replays
        self._adopted = self._stored.adopted(provider.database.name)
        self._sessions: set[int] = set()
        self._conflicts: Counter[int] = Counter()
        self._rows: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.counts = ReplayCounts()

    def patients(self, people: Mapping[str, StoredPatient], decisions: Mapping[int, int]) -> None:
        """Replay some patients, locked; ``decisions`` names for each patient's id the correction that touches it."""
        if not people:
            return
        extractions: defaultdict[int, list[CompleteExtraction]] = defaultdict(list)
        for one in self._stored.extractions([person.id for person in people.values()]):
            extractions[one.patient_id].append(one)
        conflicts: defaultdict[int, list[StoredConflict]] = defaultdict(list)
        for conflict in self._stored.conflicts([person.id for person in people.values()]):
            conflicts[conflict.patient_id].append(conflict)
        closed = [one.id for some in conflicts.values() for one in some]
        last = self._stored.last_steps(closed)
        batch = _Batch()
        for prn, known, entries in self._replayed(people, extractions, batch):
            person = people[prn]
            self._compare_row(prn, person, known, extractions[person.id], batch)
            sessions = {one.session_id for one in extractions[person.id]}
            recorded = [one for one in conflicts[person.id] if self._is_replayable(one, sessions)]
            self._compare_conflicts(entries, recorded, last, decisions[person.id], batch)
            self._sessions |= sessions - self._adopted
            self.counts.patients += 1
        self._write(batch, extractions)

    def finish(self, moved: Mapping[int, int]) -> None:
        """Write the counts of the sessions, and have the system database told of those that are others now.

        ``moved`` says how many extractions of each were set aside.
        """
        outcomes = self._stored.outcomes(self._sessions)

        def correct(session_id: int, tally: Tally) -> None:
            whole = tally.successful_extractions - moved.get(session_id, 0)
            tally.patients_stored, tally.patients_changed, repeats = outcomes[session_id]
            # Places of a PRN in the same file beside the one that is stored count as duplicates, too.
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
        """Whether a replay can tell if there should be such a conflict: both sides are stored, and by this program."""
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
        """By patient: the row and the conflicts that there should be."""
        whole = {
            prn: sort_by_time(
                one for one in extractions.get(person.id, ()) if one.status is not ProcessingStatus.FAILED
            )
            for prn, person in people.items()
        }
        pairs = {prn: pairs_to_compare(some) for prn, some in whole.items()}
        in_turn = [pair for some in pairs.values() for pair in some if pair]
        # The rows are loaded for many comparisons at once, in the order in which they are needed.
        lists = ClinicalRows(self._work, [tuple(one.source_id for one in pair) for pair in in_turn])
        extras = _Extras(self._work, [one.id for pair in in_turn for one in pair])
        for prn, some in whole.items():
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
            known = replay.patient
            yield prn, _row(prn, known) if known is not None else None, entries

    def _lists(
        self, pair: Sequence[CompleteExtraction], lists: "ClinicalRows", extras: "_Extras"
    ) -> dict[int, StoredLists]:
        stored = lists.of(tuple(one.source_id for one in pair))
        read: dict[int, StoredLists] = {}
        for one in pair:
            rows = stored[one.source_id]
            again = as_read_today(rows, extras.of(one.id), self._order)
            read[one.id] = StoredLists(again or rows, again is not None)
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
            # No complete extraction is left to say who this is.
            expected = PatientRow(prn, Demographics(), None, person.session_id)
        elif any(one.session_id in self._adopted for one in extractions):
            # The earlier scripts knew more of a patient than they kept with an extraction.
            expected = expected._replace(demographics=merge_demographics(expected.demographics, person.demographics))
        stored = PatientRow(prn, person.demographics, person.as_of, person.session_id, person.other)
        # Rows of older versions have no unknown fields: those of their extraction count.
        if expected not in (stored, stored._replace(other=stored.other or expected.other)):
            batch.masters.append(expected)
            self.counts.patients_changed += 1

    def _compare_conflicts(
        self,
        expected: Sequence[ConflictEntry],
        recorded: Sequence[StoredConflict],
        last: Mapping[int, LastStep],
        decision: int,
        batch: _Batch,
    ) -> None:
        by_key: defaultdict[_Key, list[StoredConflict]] = defaultdict(list)
        for conflict in recorded:
            by_key[_key_of(conflict)].append(conflict)
        wanted = {_key(entry): entry for entry in expected}
        decided = {key for key, some in by_key.items() if any(_is_decided(one, last) for one in some)}

        def step(conflict: StoredConflict, status: ConflictStatus) -> None:
            number = last[conflict.id].step + 1 if conflict.id in last else 1
            batch.steps.append(CorrectionStep(conflict, number, status, decision))

        for key, entry in wanted.items():
            some = by_key.get(key, [])
            if any(not _is_withdrawn(one, last) for one in some) or _mirrored(key) in decided:
                continue
            if some:
                step(some[-1], last[some[-1].id].old_status)
                self.counts.conflicts_reopened += some[-1].conflict_type is not ConflictType.EXTRACTION_DUPLICATE
            else:
                batch.added.append(entry)
        for key, some in by_key.items():
            if key in wanted:
                continue
            for conflict in some:
                if _is_decided(conflict, last):
                    self.counts.conflicts_decided += 1
                elif not _is_withdrawn(conflict, last):
                    step(conflict, ConflictStatus.FALSE_POSITIVE)
                    self.counts.conflicts_closed += conflict.conflict_type is not ConflictType.EXTRACTION_DUPLICATE

    def _write(self, batch: _Batch, extractions: Mapping[int, Sequence[CompleteExtraction]]) -> None:
        reviewer = self._reviewer
        self._work.conflicts.add(batch.added, reviewer.at)
        for entry in batch.added:
            if entry.difference.conflict_type is not ConflictType.EXTRACTION_DUPLICATE:
                self._conflicts[entry.session_id_2] += 1
                self.counts.conflicts_added += 1
        self._stored.take_steps(batch.steps, reviewer.by, reviewer.why, reviewer.at)
        self._work.patients.replace(batch.masters, reviewer.at)
        self._write_extractions(batch.replayed, {one.id: one for some in extractions.values() for one in some})

    def _write_extractions(
        self, replayed: Sequence[ReplayedExtraction], by_id: Mapping[int, CompleteExtraction]
    ) -> None:
        copied = [each for each in replayed if each.copies_from is not None]
        removed = [each.extraction for each in replayed if each.drops_rows]
        kept_checks = self._copy_rows(copied, by_id)
        for one in removed:
            kept_checks[one.id] = one.row_checks and clear_list_checks(one.row_checks)
        rows = self._stored.row_counts([one.id for one in removed])
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
        # What is not complete and repeated an extraction that has no rows of its own now.
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
        """Give extractions that repeat no other any more rows of their own; what each keeps as its ``row_checks``."""
        clinical = self._work.clinical
        checks: dict[int, str | None] = {}
        lists = ClinicalRows(self._work, [(each.extraction.source_id,) for each in copied])
        for each in copied:
            one, source = each.extraction, each.extraction.source_id
            clinical.add([(one.id, lists.of((source,))[source])])
            self._count(one.session_id, lists.counts[source], 1)
            theirs = by_id[source].row_checks
            checks[one.id] = copy_list_checks(one.row_checks, theirs) if one.row_checks and theirs else None
        return checks

    def _count(self, session_id: int, rows: Mapping[str, int], sign: int) -> None:
        for which in LISTS:
            self._rows[which.name][session_id] += sign * rows.get(which.name, 0)


def _row(prn: str, known: CurrentPatient) -> PatientRow:
    return PatientRow(prn, known.demographics, known.as_of, known.session_id, known.other)


class ClinicalRows:
    """Clinical rows of groups of extractions, loaded for many groups at once and asked for in their order."""

    def __init__(self, work: ProviderWork, groups: Sequence[tuple[int, ...]]) -> None:
        self._clinical, self._groups = work.clinical, groups
        self.counts = work.replays.row_counts({number for group in groups for number in group})
        """By extraction and list, how many rows there are."""
        self._place = 0
        self._loaded: dict[int, dict[str, Rows]] = {}

    def of(self, group: tuple[int, ...]) -> Mapping[int, dict[str, Rows]]:
        """The rows of the next group; nothing for an empty one."""
        if not group:
            return {}
        if any(number not in self._loaded for number in group):
            self._load()
        self._place += 1
        return self._loaded

    def _load(self) -> None:
        wanted: set[int] = set()
        rows = 0
        for group in self._groups[self._place :]:
            new = set(group) - wanted
            rows += sum(sum(self.counts[number].values()) for number in new)
            if wanted and rows > _MOST_ROWS:
                break
            wanted |= new
        self._loaded = dict(self._clinical.load(sorted(wanted)))


class _Extras:
    """What extractions keep that has no column, loaded for many at once and asked for in their order."""

    def __init__(self, work: ProviderWork, extraction_ids: Sequence[int]) -> None:
        self._extractions, self._ids = work.extractions, extraction_ids
        self._place = 0
        self._loaded: dict[int, dict[str, Any] | None] = {}

    def of(self, extraction_id: int) -> dict[str, Any] | None:
        """Of the next extraction."""
        if extraction_id not in self._loaded:
            some = self._ids[self._place : self._place + _EXTRAS_AT_ONCE]
            self._loaded = self._extractions.extras(sorted(set(some)))
        self._place += 1
        return self._loaded[extraction_id]


_Key = tuple[ConflictType, str, int, int, str | None, str | None]


def _key(entry: ConflictEntry) -> _Key:
    one = entry.difference
    values = (one.old_value, one.new_value) if one.conflict_type is ConflictType.DEMOGRAPHIC_MISMATCH else (None, None)
    return one.conflict_type, one.field_name, entry.session_id_1, entry.session_id_2, *values


def _key_of(conflict: StoredConflict) -> _Key:
    sides = (conflict.session_id_1, conflict.session_id_2, conflict.old_value, conflict.new_value)
    return conflict.conflict_type, conflict.field_name, *sides


def _mirrored(key: _Key) -> _Key:
    """The same difference, seen from the other side."""
    kind, name, one, two, old, new = key
    return kind, name, two, one, new, old


def _is_decided(conflict: StoredConflict, last: Mapping[int, LastStep]) -> bool:
    """Whether a person has closed it."""
    step = last.get(conflict.id)
    return conflict.status not in OPEN_CONFLICTS and step is not None and step.session_decision_id is None


def _is_withdrawn(conflict: StoredConflict, last: Mapping[int, LastStep]) -> bool:
    """Whether a correction has closed it."""
    step = last.get(conflict.id)
    is_correction = step is not None and step.session_decision_id is not None
    return is_correction and conflict.status is ConflictStatus.FALSE_POSITIVE
