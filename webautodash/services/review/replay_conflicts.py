"""Compares the recorded conflicts of a patient with those that a replay of the extractions shows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from webautodash.domain.vocabulary import OPEN_CONFLICTS, ConflictStatus, ConflictType
from webautodash.repositories.conflicts import ConflictEntry
from webautodash.repositories.replays import CorrectionStep, LastStep, StoredConflict


@dataclass(slots=True)
class ConflictCorrections:
    """Conflicts to add, and review steps that close or reopen recorded ones."""

    added: list[ConflictEntry] = field(default_factory=list)
    steps: list[CorrectionStep] = field(default_factory=list)
    closed: int = 0
    """Closed as false positives, without recorded duplicates."""
    reopened: int = 0
    decided: int = 0
    """Not shown by the replay, and unchanged because a person decided about them."""


def correct_conflicts(
    result: ConflictCorrections,
    expected: Sequence[ConflictEntry],
    recorded: Sequence[StoredConflict],
    last: Mapping[int, LastStep],
    decision: int,
) -> None:
    """Compare the conflicts of one patient and add to ``result`` what has to be corrected.

    ``last`` has the last review step of each recorded conflict that has any. ``decision`` is the number of the session
    decision that the correction belongs to.
    """
    by_key: defaultdict[_Key, list[StoredConflict]] = defaultdict(list)
    for conflict in recorded:
        by_key[_key_of(conflict)].append(conflict)
    wanted = {_key(entry): entry for entry in expected}
    decided = {key for key, some in by_key.items() if any(_is_decided(one, last) for one in some)}

    def step(conflict: StoredConflict, status: ConflictStatus) -> None:
        number = last[conflict.id].step + 1 if conflict.id in last else 1
        result.steps.append(CorrectionStep(conflict, number, status, decision))

    for key, entry in wanted.items():
        some = by_key.get(key, [])
        if any(not _is_withdrawn(one, last) for one in some) or _mirrored(key) in decided:
            continue
        if some:
            step(some[-1], last[some[-1].id].old_status)
            result.reopened += some[-1].conflict_type is not ConflictType.EXTRACTION_DUPLICATE
        else:
            result.added.append(entry)
    for key, some in by_key.items():
        if key in wanted:
            continue
        for conflict in some:
            if _is_decided(conflict, last):
                result.decided += 1
            elif not _is_withdrawn(conflict, last):
                step(conflict, ConflictStatus.FALSE_POSITIVE)
                result.closed += conflict.conflict_type is not ConflictType.EXTRACTION_DUPLICATE


_Key = tuple[ConflictType, str, int, int, str | None, str | None]


def _key(entry: ConflictEntry) -> _Key:
    one = entry.difference
    values = (one.old_value, one.new_value) if one.conflict_type is ConflictType.DEMOGRAPHIC_MISMATCH else (None, None)
    return one.conflict_type, one.field_name, entry.session_id_1, entry.session_id_2, *values


def _key_of(conflict: StoredConflict) -> _Key:
    sides = (conflict.session_id_1, conflict.session_id_2, conflict.old_value, conflict.new_value)
    return conflict.conflict_type, conflict.field_name, *sides


def _mirrored(key: _Key) -> _Key:
    """The same difference with old and new exchanged."""
    kind, name, one, two, old, new = key
    return kind, name, two, one, new, old


def _is_decided(conflict: StoredConflict, last: Mapping[int, LastStep]) -> bool:
    """Whether a person closed the conflict."""
    step = last.get(conflict.id)
    return conflict.status not in OPEN_CONFLICTS and step is not None and step.session_decision_id is None


def _is_withdrawn(conflict: StoredConflict, last: Mapping[int, LastStep]) -> bool:
    """Whether a correction closed the conflict."""
    step = last.get(conflict.id)
    is_correction = step is not None and step.session_decision_id is not None
    return is_correction and conflict.status is ConflictStatus.FALSE_POSITIVE
