"""Checks of stored sessions: times in the future, and times that could not be read."""

from collections.abc import Iterator, Sequence

from webautodash.domain.dates import utc_now
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.doctor.findings import Finding, error, warning
from webautodash.services.ingest import FUTURE
from webautodash.services.store import Store

_MOST_NAMED = 10


def future_times(store: Store, provider: RegisteredProvider) -> Iterator[Finding]:
    """Sessions of one provider more than a day in the future: every other file counts as older."""
    with store.provider_database(provider).reading() as work:
        number, named = work.sessions.later_than(utc_now() + FUTURE, _MOST_NAMED)
    if number:
        message = f"{_named(named, number)}: the time is in the future, so that every correct one counts as older"
        yield error("session.future_time", provider.slug, message, session=str(named[0]))


def unread_times(store: Store, provider: RegisteredProvider) -> Iterator[Finding]:
    """Sessions of one provider without a valid ISO date-time: they count as older than all others."""
    with store.provider_database(provider).reading() as work:
        found = work.sessions.with_unread_time()
    if found:
        sessions = _named(found[:_MOST_NAMED], len(found))
        message = f"{sessions}: extracted_at is not an ISO date-time, so that every other session counts as newer"
        yield warning("session.unread_time", provider.slug, message, session=str(found[0]))


def _named(named: Sequence[int], number: int) -> str:
    more = "" if number == len(named) else f" and {number - len(named)} more"
    return f"session {named[0]}" if number == 1 else f"sessions {', '.join(map(str, named))}{more}"
