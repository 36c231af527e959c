"""Extractions of before the completeness rule: what was stored as data and says that it failed, set aside."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from webautodash.domain.completeness import INCOMPLETE
from webautodash.domain.documents import to_json
from webautodash.domain.row_checks import with_own
from webautodash.domain.stored_json import patient_json
from webautodash.domain.vocabulary import Level, ProcessingStatus
from webautodash.errors import WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.repositories import PatientRepository, SessionDecisionRepository, SetAsideRepository
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.replays import ReplayRepository, RewrittenExtraction
from webautodash.repositories.session_decisions import Decided
from webautodash.repositories.stored_failures import MovedExtraction, StoredFailure, StoredFailureRepository
from webautodash.services.across import Unreadable
from webautodash.services.corrections import correct
from webautodash.services.log import SystemLog
from webautodash.services.providers import resolve as resolved
from webautodash.services.replaying import BATCH, ClinicalRows, Replaying, Reviewer
from webautodash.services.signature import signature
from webautodash.services.store import ProviderDatabase, Store

REVIEW_STORED, REVIEW_UNDONE = "review_stored", "review_undone"
"""Kinds of the decisions that set extractions of a session aside, and that put them back."""
_DETAIL = "it was stored before, and says that it failed"
_NOT_COMPARED = ""
_JSON_AT_ONCE = 8 << 20


@dataclass(frozen=True, slots=True)
class StoredReview:
    """What the review of one provider's stored extractions changed, or would change."""

    provider: str
    dry_run: bool
    undone: bool
    extractions: int
    """Set aside, or put back."""
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
    """The review of one provider, or of all; ``problems`` are databases that could not be reviewed."""

    providers: tuple[StoredReview, ...]
    problems: tuple[Unreadable, ...]


def review_stored(
    store: Store, provider: str | None = None, *, by: str, why: str, dry_run: bool = False, undo: bool = False
) -> StoredReviews:
    """Set aside what was stored as data and says in its kept JSON that the extraction failed.

    The extraction and its rows stay where they are, and count for nothing: the patient's row and conflicts are then
    those of an ingest without it. ``undo`` puts back what earlier reviews set aside and nobody has taken in since.
    Raises UsageError without ``by`` or ``why``, UnknownProvider.
    """
    by, why = signature(by, why)
    done: list[StoredReview] = []
    problems: list[Unreadable] = []
    for owner in [resolved(store, provider)] if provider is not None else store.providers():
        try:
            done.append(_review(store, owner, Reviewer(by, why, utc_now()), dry_run=dry_run, undo=undo))
        except WebAutoDashError as error:
            if provider is not None:
                raise
            problems.append(Unreadable.because(owner, error))
    return StoredReviews(tuple(done), tuple(problems))


def _review(store: Store, owner: RegisteredProvider, reviewer: Reviewer, *, dry_run: bool, undo: bool) -> StoredReview:
    database = store.provider_database(owner)

    def work(session: Session) -> StoredReview:
        move = _Move(session, Replaying(session, database, reviewer), reviewer)
        for moved in move.restore() if undo else move.set_aside():
            move.replay(moved)
        move.replaying.finish(move.moved if not undo else {number: -n for number, n in move.moved.items()})
        sums = {"extractions": sum(move.moved.values()), "sessions": len(move.moved)}
        return StoredReview(owner.slug, dry_run, undo, **sums, **asdict(move.replaying.counts))

    review = correct(store, owner, work, dry_run=dry_run)
    if review.extractions and not dry_run:
        event = REVIEW_UNDONE if undo else REVIEW_STORED
        what = "count again" if undo else "are set aside: they say that they failed"
        numbers = {name: value for name, value in asdict(review).items() if isinstance(value, int)}
        SystemLog(store.system).record(
            Level.WARNING,
            "set_aside",
            event,
            f"{review.extractions} stored extractions of {owner.slug} {what}",
            provider=owner.slug,
            database_name=owner.database_name,
            **numbers,
        )
    return review


def accept_stored(session: Session, database: ProviderDatabase, set_aside_id: int, reviewer: Reviewer) -> None:
    """Put back one extraction that a review has set aside, because a person says that it is true."""
    move = _Move(session, Replaying(session, database, reviewer), reviewer)
    for moved in move.restore(set_aside_id):
        move.replay(moved)
    move.replaying.finish({number: -count for number, count in move.moved.items()})
    SetAsideRepository(session).mark_taken_in(set_aside_id, reviewer.at, reviewer.by, reviewer.why)


class _Move:
    """Sets extractions aside or puts them back, batch by batch; each batch is then replayed."""

    def __init__(self, session: Session, replaying: Replaying, reviewer: Reviewer) -> None:
        self._session, self._reviewer = session, reviewer
        self._failures, self._stored = StoredFailureRepository(session), ReplayRepository(session)
        self._decisions: dict[int, int] = {}
        self.replaying = replaying
        self.moved: Counter[int] = Counter()
        """How many extractions of each session."""

    def set_aside(self) -> Iterator[Sequence[StoredFailure]]:
        """Move what says that it failed."""
        for failed in self._failures.batches():
            PatientRepository(self._session).lock_known(sorted({one.prn for one in failed}))
            self._keep_json(failed)
            self._rewrite(failed, dict.fromkeys((one.id for one in failed), _NOT_COMPARED), is_failed=True)
            yield failed

    def restore(self, set_aside_id: int | None = None) -> Iterator[Sequence[MovedExtraction]]:
        """Put back what was moved, or one of them."""
        after = 0
        while found := self._failures.moved(after, BATCH, set_aside_id):
            after = found[-1].id
            PatientRepository(self._session).lock_known(sorted({one.prn for one in found}))
            self._failures.put_back([one.id for one in found], self._reviewer.at)
            self._rewrite(found, {one.id: one.criteria_key for one in found}, is_failed=False)
            yield found

    def replay(self, moved: Sequence[StoredFailure | MovedExtraction]) -> None:
        """Put right what the move of a batch leads to."""
        kind = REVIEW_UNDONE if isinstance(moved[0], MovedExtraction) else REVIEW_STORED
        decisions: dict[int, int] = {}
        for one in moved:
            self.moved[one.session_id] += 1
            decisions.setdefault(one.patient_id, self._decision(one.session_id, kind))
        people = PatientRepository(self._session).lock_known(sorted({one.prn for one in moved}))
        self.replaying.patients(people, decisions)

    def _decision(self, session_id: int, kind: str) -> int:
        if session_id not in self._decisions:
            decided = Decided(kind, None, None, self._reviewer.by, self._reviewer.at, self._reviewer.why)
            [self._decisions[session_id]] = SessionDecisionRepository(self._session).add(session_id, [decided])
        return self._decisions[session_id]

    def _keep_json(self, failed: Sequence[StoredFailure]) -> None:
        lists = ClinicalRows(self._session, [(one.duplicate_of_id or one.id,) for one in failed])
        rows: list[dict[str, object]] = []
        size = 0
        for one in failed:
            source = one.duplicate_of_id or one.id
            text = to_json(patient_json(one.columns, lists.of((source,))[source]))
            row = {
                "extraction_session_id": one.session_id,
                "prn": one.prn,
                "position": one.columns["position"],
                "reason": INCOMPLETE,
                "detail": _DETAIL,
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
        # The check of a row is of its columns as they are stored.
        now = self._stored.own_checks(ids)
        rewrite({one.id: one.row_checks and with_own(one.row_checks, before[one.id], now[one.id]) for one in some})
