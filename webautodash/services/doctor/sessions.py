"""Stored sessions whose time cannot be true."""

from collections.abc import Iterator

from webautodash.errors.commands import command
from webautodash.models.base import utc_now
from webautodash.repositories import SessionRepository
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.doctor.findings import Finding, error
from webautodash.services.held_files import FUTURE
from webautodash.services.store import Store

_MOST_NAMED = 10


def future_times(store: Store, provider: RegisteredProvider) -> Iterator[Finding]:
    """Sessions of one provider that lie more than a day ahead of now: every later file counts as older than they."""
    with store.provider_database(provider).reading() as session:
        number, named = SessionRepository(session).later_than(utc_now() + FUTURE, _MOST_NAMED)
    if number:
        more = "" if number == len(named) else f" and {number - len(named)} more"
        sessions = f"session {named[0]}" if number == 1 else f"sessions {', '.join(map(str, named))}{more}"
        message = f"{sessions}: the time lies in the future, so that every true one counts as older"
        cure = command("session set-time", provider.slug, str(named[0])) + " TIME --by NAME --why TEXT"
        yield error("session.future_time", provider.slug, message, cure)
