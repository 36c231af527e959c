"""Decides whether a complete file is held until a person accepts it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from webautodash.domain.dates import parse_instant
from webautodash.domain.extraction.document import Document
from webautodash.errors import FileHeld, FutureTime, StoredElsewhere, UsageError
from webautodash.models.base import utc_now
from webautodash.repositories.file_acceptances import Acceptance
from webautodash.repositories.session_decisions import RecordedDecision
from webautodash.services.ingest.stored_elsewhere import owner_elsewhere
from webautodash.services.store import ProviderDatabase, Store

FUTURE = timedelta(days=1)
"""How far in the future a time may be: more than any difference between time zones."""
_NO_REASON = "(accepted; interrupted before the reason was stored)"


def accepted_holds(store: Store, document: Document, provider: ProviderDatabase, shown: str) -> tuple[Acceptance, ...]:
    """The acceptances without which a file would be held; none for most files.

    A file that is stored already is not held. Raises FileHeld for the first reason that nobody has accepted.
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
    other = owner_elsewhere(store, document.sha256, provider.provider)
    if other is not None:
        yield StoredElsewhere(document.path, other.slug)
