"""Sets aside failed extractions that an older version stored as data, and restores them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from webautodash.domain.dates import DateOrder, utc_now
from webautodash.domain.decision_signature import check_signature
from webautodash.domain.extraction.patient.stored_json import patient_json
from webautodash.domain.json_document import sorted_json
from webautodash.domain.replay import CompleteExtraction, sort_by_time
from webautodash.domain.row_checks import replace_own_check
from webautodash.domain.set_aside_reasons import EMPTIED, INCOMPLETE
from webautodash.domain.vocabulary import Level, ProcessingStatus
from webautodash.domain.wording import counted
from webautodash.errors import WebAutoDashError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.replays import RewrittenExtraction
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.repositories.stored_failures import MovedExtraction, StoredFailure
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.ingest import with_items
from webautodash.services.paging import Unreadable, chosen_providers
from webautodash.services.review.corrections import correct
from webautodash.services.review.load_lists import ListLoader
from webautodash.services.review.replay_patients import REPLAYED_AT_ONCE, PatientReplayer, Reviewer
from webautodash.services.store import ProviderDatabase, Store
from webautodash.services.system_log import SystemLogWriter

REVIEW_STORED, REVIEW_UNDONE = "review_stored", "review_undone"
"""Kinds of the decisions that set extractions of a session aside, and that restore them."""
_DETAILS = {
    INCOMPLETE: "an older version stored it, but the extraction failed",
    EMPTIED: "an older version stored it as a duplicate of a failed extraction, and all clinical lists are empty",
}
_NOT_COMPARED = ""
_JSON_AT_ONCE = 8 << 20


@dataclass(frozen=True, slots=True)
class StoredReview:
    """What the review of a provider's stored extractions changed, or would change."""

    provider: str
    dry_run: bool
    undone: bool
    extractions: int
    """Extractions that were set aside, or restored."""
    sessions: int
    patients: int
    patients_changed: int
    extractions_changed: int
    conflicts_added: int
    conflicts_closed: int
    conflicts_reopened: int
    conflicts_decided: int


@dataclass(frozen=True, slots=True)
class StoredReviews:
    """The reviews of providers; ``problems`` are databases that could not be reviewed."""

    providers: tuple[StoredReview, ...]
    problems: tuple[Unreadable, ...]


def review_stored(
    store: Store, provider: str | None = None, *, by: str, why: str, dry_run: bool = False, undo: bool = False
) -> StoredReviews:
    """Set aside stored extractions whose JSON says that they failed.

    Also sets aside their duplicates, as ``emptied``, if a duplicate has no items and the complete extraction before
    it has some: it was stored only because it repeated the failed one. The rows stay in place but are ignored: the
    patients' rows and conflicts become those of an ingest without them. ``undo`` restores extractions that earlier
    reviews set aside and that nobody has stored since.
    Raises UsageError without ``by`` or ``why``, UnknownProvider.
    """
    by, why = check_signature(by, why)
    done: list[StoredReview] = []
    problems: list[Unreadable] = []
    for owner in chosen_providers(store, provider):
        try:
            done.append(_review(store, owner, Reviewer(by, why, utc_now()), dry_run=dry_run, undo=undo))
        except WebAutoDashError as error:
            if provider is not None:
                raise
            problems.append(Unreadable.because(owner, error))
    return StoredReviews(tuple(done), tuple(problems))


def _review(store: Store, owner: RegisteredProvider, reviewer: Reviewer, *, dry_run: bool, undo: bool) -> StoredReview:
    database = store.provider_database(owner)

    def transaction(work: ProviderWork) -> StoredReview:
        mover = _Mover(work, PatientReplayer(work, database, reviewer), reviewer, database.provider.date_order)
        if undo:
            mover.restore()
        else:
            mover.set_aside()
        mover.replay(REVIEW_UNDONE if undo else REVIEW_STORED)
        mover.replayer.finish(mover.moved if not undo else {number: -n for number, n in mover.moved.items()})
        sums = {"extractions": sum(mover.moved.values()), "sessions": len(mover.moved)}
        return StoredReview(owner.slug, dry_run, undo, **sums, **asdict(mover.replayer.counts))

    review = correct(store, owner, transaction, dry_run=dry_run)
    if review.extractions and not dry_run:
        event = REVIEW_UNDONE if undo else REVIEW_STORED
        action = "restored" if undo else "set aside because they failed"
        numbers = {name: value for name, value in asdict(review).items() if isinstance(value, int)}
        message = f"{counted(review.extractions, 'stored extraction')} of {owner.slug}: {action}"
        SystemLogWriter(store.system).record_about(owner, Level.WARNING, "set_aside", event, message, **numbers)
    return review


def accept_stored(work: ProviderWork, database: ProviderDatabase, set_aside_id: int, reviewer: Reviewer) -> None:
    """Restore an extraction that a review set aside, because a person accepts it."""
    mover = _Mover(work, PatientReplayer(work, database, reviewer), reviewer, database.provider.date_order)
    mover.restore(set_aside_id)
    mover.replay(REVIEW_UNDONE)
    mover.replayer.finish({number: -count for number, count in mover.moved.items()})
    work.set_aside.mark_taken_in(set_aside_id, reviewer.at, reviewer.by, reviewer.why, is_stored_whole=True)


class _Mover:
    """Sets extractions aside or restores them in batches, then replays their patients."""

    def __init__(self, work: ProviderWork, replayer: PatientReplayer, reviewer: Reviewer, order: DateOrder) -> None:
        self._work, self._reviewer, self._order = work, reviewer, order
        self._failures, self._stored = work.stored_failures, work.replays
        self._decisions: dict[int, int] = {}
        self._patients: dict[int, tuple[str, int]] = {}
        """By patient, the PRN and the session of a moved extraction."""
        self.replayer = replayer
        self.moved: Counter[int] = Counter()
        """The number of moved extractions by session."""

    def set_aside(self) -> None:
        """Set aside failed extractions, and their duplicates without items."""
        repeating: defaultdict[int, set[int]] = defaultdict(set)
        for failed in self._failures.batches():
            self._set_aside(failed, INCOMPLETE)
            for number, patient_id in self._failures.repeating([one.id for one in failed]):
                repeating[patient_id].add(number)
        patients = sorted(repeating)
        for start in range(0, len(patients), REPLAYED_AT_ONCE):
            some = {patient_id: repeating[patient_id] for patient_id in patients[start : start + REPLAYED_AT_ONCE]}
            for emptied in self._failures.load(self._emptied(some)):
                self._set_aside(emptied, EMPTIED)

    def _emptied(self, repeating: Mapping[int, set[int]]) -> list[int]:
        """Find extractions that repeat a failed one and have no items, although the one before has some."""
        complete: defaultdict[int, list[CompleteExtraction]] = defaultdict(list)
        for one in self._stored.extractions(repeating):
            if one.status is not ProcessingStatus.FAILED:
                complete[one.patient_id].append(one)
        numbers = [one.id for some in complete.values() for one in some]
        with_content: set[int] = set()
        for start in range(0, len(numbers), REPLAYED_AT_ONCE):
            with_content |= with_items(self._work, numbers[start : start + REPLAYED_AT_ONCE], self._order)
        emptied: list[int] = []
        for patient_id, some in complete.items():
            had_items = False
            for one in sort_by_time(some):
                if had_items and one.id in repeating[patient_id] and one.id not in with_content:
                    emptied.append(one.id)
                else:
                    had_items = one.id in with_content
        return sorted(emptied)

    def _set_aside(self, some: Sequence[StoredFailure], reason: str) -> None:
        self._work.patients.lock_existing(sorted({one.prn for one in some}))
        self._keep_json(some, reason)
        self._rewrite(some, dict.fromkeys((one.id for one in some), _NOT_COMPARED), is_failed=True)
        self._note(some)

    def restore(self, set_aside_id: int | None = None) -> None:
        """Restore all extractions that were set aside, or the one of a set-aside patient."""
        after = 0
        while found := self._failures.moved(after, REPLAYED_AT_ONCE, set_aside_id):
            after = found[-1].id
            self._work.patients.lock_existing(sorted({one.prn for one in found}))
            self._failures.restore([one.id for one in found], self._reviewer.at)
            self._rewrite(found, {one.id: one.criteria_key for one in found}, is_failed=False)
            self._note(found)

    def _note(self, moved: Sequence[StoredFailure | MovedExtraction]) -> None:
        for one in moved:
            self.moved[one.session_id] += 1
            self._patients.setdefault(one.patient_id, (one.prn, one.session_id))

    def replay(self, kind: str) -> None:
        """Replay the patients of the moved extractions."""
        patients = sorted(self._patients)
        for start in range(0, len(patients), REPLAYED_AT_ONCE):
            some = {number: self._patients[number] for number in patients[start : start + REPLAYED_AT_ONCE]}
            decisions = {number: self._decision(session_id, kind) for number, (_, session_id) in some.items()}
            people = self._work.patients.lock_existing(sorted({prn for prn, _ in some.values()}))
            self.replayer.replay(people, decisions)

    def _decision(self, session_id: int, kind: str) -> int:
        if session_id not in self._decisions:
            decided = RecordedDecision(kind, None, None, self._reviewer.by, self._reviewer.at, self._reviewer.why)
            [self._decisions[session_id]] = self._work.session_decisions.add(session_id, [decided])
        return self._decisions[session_id]

    def _keep_json(self, failed: Sequence[StoredFailure], reason: str) -> None:
        lists = ListLoader(self._work, [(one.duplicate_of_id or one.id,) for one in failed])
        rows: list[dict[str, object]] = []
        size = 0
        for one in failed:
            source = one.duplicate_of_id or one.id
            text = sorted_json(patient_json(one.columns, lists.of((source,))[source]))
            row = {
                "extraction_session_id": one.session_id,
                "prn": one.prn,
                "position": one.columns["position"],
                "reason": reason,
                "detail": _DETAILS[reason],
                "raw_json": text,
                "created_at": self._reviewer.at,
                "taken_in_at": None,
                "patient_extraction_id": one.id,
            }
            rows.append(row)
            size += len(text)
            if size > _JSON_AT_ONCE:
                self._failures.set_aside(rows)
                rows, size = [], 0
        self._failures.set_aside(rows)

    def _rewrite(
        self, some: Sequence[StoredFailure | MovedExtraction], criteria_keys: Mapping[int, str], *, is_failed: bool
    ) -> None:
        ids = [one.id for one in some]
        before = self._stored.own_checks(ids)

        def rewrite(checks: Mapping[int, str | None]) -> None:
            complete = {one.id: ProcessingStatus.DUPLICATE for one in some if one.duplicate_of_id is not None}
            self._stored.rewrite(
                [
                    RewrittenExtraction(
                        one.id,
                        ProcessingStatus.FAILED if is_failed else complete.get(one.id, ProcessingStatus.PROCESSED),
                        criteria_keys[one.id],
                        one.duplicate_of_id,
                        checks[one.id],
                    )
                    for one in some
                ]
            )

        rewrite({one.id: one.row_checks for one in some})
        # The checksum of a row covers its columns as they are stored now.
        now = self._stored.own_checks(ids)
        rewrite(
            {one.id: one.row_checks and replace_own_check(one.row_checks, before[one.id], now[one.id]) for one in some}
        )
