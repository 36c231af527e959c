"""Stores one document in its provider's database: one transaction, one batch of patients at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import PurePosixPath

from webautodash.domain.dates import DateOrder, utc_now
from webautodash.domain.extraction.document.read_document import Document
from webautodash.domain.extraction.document.session_metadata import SessionRecord, session_record
from webautodash.prefetch import prefetched
from webautodash.repositories.pending_events import file_stored
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.repositories.sessions import StoredSession, Tally
from webautodash.repositories.set_aside import SetAside
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.callbacks import ignore
from webautodash.services.ingest.plan import Entry, Planned, RepeatedPlace, StoringSession, planned
from webautodash.services.ingest.repeated_places import keep_repeated
from webautodash.services.ingest.store_patients import store_planned
from webautodash.services.store import ProviderDatabase
from webautodash.services.workers import OnBatch


@dataclass(frozen=True, slots=True)
class Stored:
    """The session of a document, and whether it existed already."""

    session: StoredSession
    already: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """What people decided about a held file: the decisions, stored with its session, and the corrected time."""

    decisions: Sequence[RecordedDecision] = ()
    extracted_at: datetime | None = None


def store_document(
    document: Document,
    provider: ProviderDatabase,
    zone: tzinfo,
    path: str,
    on_batch: OnBatch = ignore,
    accepted: Accepted | None = None,
) -> Stored:
    """Store one extraction file; the same bytes are stored once, even if several processes try.

    ``path`` is the file's path as reports show it.
    """
    accepted = accepted or Accepted()
    order = provider.provider.date_order
    facts = session_facts(document, order, zone)
    if accepted.extracted_at is not None:
        facts = replace(facts, extracted_at=accepted.extracted_at)

    def transaction(work: ProviderWork) -> Stored:
        sessions = work.sessions
        earlier = sessions.find(document.sha256)
        if earlier is not None:
            return Stored(earlier, already=True)
        now, tally = utc_now(), Tally()
        session_id = sessions.add(document.sha256, facts, path, now)
        work.session_decisions.add(session_id, accepted.decisions)
        current = StoringSession(
            work,
            tally,
            session_id,
            facts.criteria_key,
            facts.extracted_at,
            now,
            order,
            adopted_as=work.adopted.sessions_of_file(
                facts.extracted_at,
                facts.values["job_id"],
                {facts.values["results_filename"], PurePosixPath(path).name},
            ),
            container=document.container,
        )
        for batch in prefetched(planned(document, order)):
            store_batch(current, batch)
            on_batch(tally.total_patients_found, len(document.patients))
        sessions.finish(session_id, tally)
        if tally.conflicts_detected or tally.failed_extractions:
            work.pending_events.add(file_stored(session_id, tally, now))
        return Stored(StoredSession(session_id, document.sha256, tally), already=False)

    # Another process may store these bytes between the query and the insert.
    return provider.run_raced(transaction)


def session_facts(document: Document, order: DateOrder, zone: tzinfo) -> SessionRecord:
    """The columns of a document's session."""
    facts = session_record(document.metadata, order, zone, document.other_members)
    facts.values.update(profile=document.profile.name, profile_sha256=document.profile.sha256)
    if document.list_counts is not None and document.list_counts.patients > 1:
        facts.values.update(list_counts=document.list_counts._asdict())
    return facts


def store_batch(current: StoringSession, batch: Sequence[Entry]) -> None:
    """Store patients of a session and add them to its tally, with as many statements for 500 patients as for one."""
    aside = [entry for entry in batch if isinstance(entry, SetAside)]
    aside += store_planned(current, [entry for entry in batch if isinstance(entry, Planned)])
    if aside:
        current.work.set_aside.add(current.id, aside, current.now)
        current.tally.failed_extractions += len(aside)
    if repeated := [entry for entry in batch if isinstance(entry, RepeatedPlace)]:
        keep_repeated(current, repeated)
