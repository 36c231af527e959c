"""Processes that said they were at work, and may not be any more."""

from collections.abc import Iterator
from datetime import timedelta

from webautodash.domain.vocabulary import MonitorState
from webautodash.domain.wording import counted
from webautodash.services.doctor.findings import Finding, fine, info, warning
from webautodash.services.store import Store


def leases(store: Store) -> Iterator[Finding]:
    """Who is at work on something, and who died at it."""
    with store.system.reading() as work:
        found = work.leases.all()
    for one in found:
        since = f"{one.taken_at:%Y-%m-%d %H:%M:%S} UTC"
        if one.expired_for > timedelta():
            message = f"{one.holder} took it at {since} and ended without giving it back; the next to need it takes it"
            yield info("lease.expired", one.name, message)
        else:
            yield info("lease.held", one.name, f"{one.holder} is at work on it since {since}")


def clocks(store: Store) -> Iterator[Finding]:
    """Times that lie in the future: a clock was wrong, of the server or of a machine."""
    with store.system.reading() as work:
        found = work.future_times.find()
    for one in found:
        latest = f"{one.latest:%Y-%m-%d %H:%M:%S} UTC"
        message = f"{counted(one.rows, 'row')} with a time in the future, up to {latest}: a clock was wrong"
        cure = "timedatectl set-ntp true, on the machine whose clock is wrong; nothing waits for these times"
        yield warning("clock.future", f"{one.table}.{one.column}", message, cure)
    if not found:
        yield fine("clock.future", "stored times", "none lies in the future")


def monitors(store: Store) -> Iterator[Finding]:
    """Whether each monitor that has not ended still says so, and what it says; and which ended without a word."""
    with store.system.reading() as work:
        found = work.monitors.all()
    at_work = any(one.state is MonitorState.RUNNING and not one.silent for one in found)
    for one in found:
        subject, where = f"monitor {one.id}", f"process {one.pid} on {one.host}"
        heard = _rounded(one.now - one.heartbeat_at)
        if one.silent and one.heartbeat_at > one.now:
            message = (
                f"{where} says it is at work, with a heartbeat {_rounded(one.heartbeat_at - one.now)} in the future"
            )
            yield warning("monitor.silent", subject, message)
        elif one.silent:
            message = f"{where} says it is at work, and nothing was heard of it for {heard}"
            yield warning("monitor.silent", subject, message)
        elif one.state is MonitorState.RUNNING and one.last_error is not None:
            yield warning("monitor.failing", subject, f"{where}: {one.last_error}")
        elif one.state is MonitorState.RUNNING:
            yield fine("monitor.running", subject, f"{where}, heard of {heard} ago")
        elif one.state is MonitorState.LOST and at_work:
            message = f"{where} ended without a word, last heard of {heard} ago; another is at work since"
            yield info("monitor.lost", subject, message)
        elif one.state is MonitorState.LOST:
            message = f"{where} ended without a word, last heard of {heard} ago, and none is at work"
            yield warning("monitor.lost", subject, message)


def _rounded(span: timedelta) -> str:
    return str(timedelta(seconds=round(span.total_seconds())))
