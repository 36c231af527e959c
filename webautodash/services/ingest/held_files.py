"""Decides whether a complete file is held until a person accepts it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from webautodash.domain.dates import parse_instant, utc_now
from webautodash.domain.extraction.document.read_document import Document
from webautodash.domain.suspicious_files import FEWEST_PATIENTS, MOST_SESSIONS, suspicious_reasons
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import BeingStoredElsewhere, FileHeld, FutureTime, StoredElsewhere, Suspicious, UsageError
from webautodash.repositories.file_acceptances import Acceptance
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.ingest.store_file import session_facts
from webautodash.services.store import ProviderDatabase, Store

FUTURE = timedelta(days=1)
"""How far in the future a time may be: more than any difference between time zones."""
# Longer than it takes to store the largest file after waiting for locks.
_BEING_STORED = timedelta(minutes=15)
_NO_REASON = "(accepted; interrupted before the reason was stored)"


def accepted_holds(store: Store, document: Document, provider: ProviderDatabase, shown: str) -> tuple[Acceptance, ...]:
    """The acceptances without which a file would be held; none for most files.

    A file that is stored already is not held. Raises FileHeld for the first reason that is not accepted.
    """
    accepted: list[Acceptance] = []
    for hold in _holds(store, document, provider):
        with provider.reading() as work:
            if work.sessions.find(document.sha256) is not None:
                return ()
        with store.system.reading() as work:
            acceptance = work.file_acceptances.find(shown, document.sha256).get(hold.kind)
        if acceptance is None:
            raise hold
        accepted.append(acceptance)
    return tuple(accepted)


def decided(acceptance: Acceptance, document: Document, why: str | None) -> RecordedDecision:
    """The decision that the session records of an acceptance."""
    stamp = document.metadata.get("extracted_at") if acceptance.extracted_at is not None else None
    return RecordedDecision(
        kind=acceptance.kind,
        old_value=stamp if isinstance(stamp, str) else None,
        new_value=acceptance.extracted_at.isoformat() if acceptance.extracted_at is not None else None,
        decided_by=acceptance.accepted_by,
        decided_at=acceptance.accepted_at,
        why=why or _NO_REASON,
    )


def is_future(extracted_at: datetime) -> bool:
    """Whether a time is wrong because it is more than a day in the future."""
    return extracted_at > utc_now() + FUTURE


def parse_corrected_time(store: Store, text: str) -> datetime:
    """Parse the time that replaces a wrong one. Raises UsageError for anything but a time, or one in the future."""
    moment = parse_instant(text, store.settings.zone)
    if moment is None:
        raise UsageError("not an ISO date-time such as 2024-02-04T09:00:00 or 2024-02-04T09:00:00Z")
    if is_future(moment):
        raise UsageError("this time is more than a day in the future, too")
    return moment


def _holds(store: Store, document: Document, provider: ProviderDatabase) -> Iterator[FileHeld]:
    """The reasons to hold a file; each is checked only after the ones before are accepted."""
    stamp = document.metadata.get("extracted_at")
    extracted_at = parse_instant(stamp if isinstance(stamp, str) else None, store.settings.zone)
    if extracted_at is not None and is_future(extracted_at):
        yield FutureTime(document.path, extracted_at)
    other = _owner_elsewhere(store, document.sha256, provider.provider)
    if other is not None:
        yield StoredElsewhere(document.path, other.slug)
    if why := _suspicious(store, document, provider):
        yield Suspicious(document.path, "; ".join(why))


def _suspicious(store: Store, document: Document, provider: ProviderDatabase) -> list[str]:
    counts = document.list_counts
    if not store.settings.suspicious or counts is None or counts.patients < FEWEST_PATIENTS:
        return []
    facts = session_facts(document, provider.provider.date_order, store.settings.zone)
    with provider.reading() as work:
        history = work.session_history.list_counts(facts, MOST_SESSIONS)
    return list(suspicious_reasons(counts, history))


def _owner_elsewhere(store: Store, content_sha256: str, provider: RegisteredProvider) -> RegisteredProvider | None:
    """The other provider whose database has these bytes; if there is none, claim them for ``provider``.

    The claim is committed before the file is stored: of two processes with the same bytes, one finds the other's claim.
    Raises BeingStoredElsewhere while another process stores them for another provider, and what opening that
    provider's database raises.
    """
    now = utc_now()
    others = store.system.run_raced(lambda work: work.stored_contents.claim(content_sha256, provider.id, now))
    if not others:
        return None
    providers = {one.id: one for one in store.providers()}
    for number, claimed_at in others.items():
        other = providers.get(number)
        if other is not None and other.status is ProviderStatus.ACTIVE:
            with store.provider_database(other).reading() as work:
                if work.sessions.find(content_sha256) is not None:
                    return other
        # A claim from far in the future, by a wrong clock, expires as well.
        if claimed_at is not None and abs(now - claimed_at) < _BEING_STORED:
            raise BeingStoredElsewhere(provider.slug, None if other is None else other.slug)

    def replace(work: SystemWork) -> bool:
        return work.stored_contents.replace(content_sha256, others, provider.id, now)

    if not store.system.run_raced(replace):
        raise BeingStoredElsewhere(provider.slug, None)
    return None
