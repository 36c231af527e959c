"""Processes that said they were at work, and may not be any more."""

from collections.abc import Iterator
from datetime import timedelta

from webautodash.repositories.health import HealthRepository
from webautodash.services.doctor.findings import Finding, fine, info, warning
from webautodash.services.store import Store

_INTERVALS = 3
"""After which a monitor that says nothing is taken for dead."""


def leases(store: Store) -> Iterator[Finding]:
    """Who is at work on something, and who died at it."""
    with store.system.reading() as session:
        found = HealthRepository(session).leases()
    for one in found:
        since = f"{one.taken_at:%Y-%m-%d %H:%M:%S} UTC"
        if one.expired_for > timedelta():
            message = f"{one.holder} took it at {since} and ended without giving it back; the next to need it takes it"
            yield info("lease.expired", one.name, message)
        else:
            yield info("lease.held", one.name, f"{one.holder} is at work on it since {since}")


def monitors(store: Store) -> Iterator[Finding]:
    """Whether each monitor that has not ended still says so."""
    with store.system.reading() as session:
        found = HealthRepository(session).monitors()
    for one in found:
        subject = f"monitor {one.id}"
        where = f"process {one.pid} on {one.host}"
        if one.silent_for > _INTERVALS * one.interval:
            message = f"{where} says it is at work, and nothing was heard of it for {_rounded(one.silent_for)}"
            yield warning("monitor.silent", subject, message, "webautodash monitor")
        else:
            yield fine("monitor.running", subject, f"{where}, heard of {_rounded(one.silent_for)} ago")


def _rounded(span: timedelta) -> str:
    return str(timedelta(seconds=round(span.total_seconds())))
