"""Checks of processes: leases, monitors, and times that a wrong clock wrote."""

from collections.abc import Iterator
from datetime import timedelta

from webautodash.domain.vocabulary import MonitorState
from webautodash.domain.wording import counted
from webautodash.services.doctor.findings import Finding, fine, info, warning
from webautodash.services.store import Store


def leases(store: Store) -> Iterator[Finding]:
    """The leases, held or expired."""
    with store.system.reading() as work:
        found = work.leases.all()
    for one in found:
        since = f"{one.taken_at:%Y-%m-%d %H:%M:%S} UTC"
        if one.expired_for > timedelta():
            message = f"{one.holder} took it at {since} and ended without releasing it; another process may take it"
            yield info("lease.expired", one.name, message)
        else:
            yield info("lease.held", one.name, f"held by {one.holder} since {since}")


def clocks(store: Store) -> Iterator[Finding]:
    """Stored times in the future: the clock of the server or of a machine was wrong."""
    with store.system.reading() as work:
        found = work.future_times.find()
    for one in found:
        latest = f"{one.latest:%Y-%m-%d %H:%M:%S} UTC"
        message = f"{counted(one.rows, 'row')} with a time in the future, up to {latest}: a clock was wrong"
        yield warning("clock.future", f"{one.table}.{one.column}", message)
    if not found:
        yield fine("clock.future", "stored times", "none is in the future")


def monitors(store: Store) -> Iterator[Finding]:
    """The monitors: running, silent, failing, or ended without a notice."""
    with store.system.reading() as work:
        found = work.monitors.all()
    another_runs = any(one.state is MonitorState.RUNNING and not one.silent for one in found)
    for one in found:
        subject, where = f"monitor {one.id}", f"process {one.pid} on {one.host}"
        age = _rounded(one.now - one.heartbeat_at)
        if one.silent and one.heartbeat_at > one.now:
            ahead = _rounded(one.heartbeat_at - one.now)
            message = f"{where} is recorded as running, with a heartbeat {ahead} in the future"
            yield warning("monitor.silent", subject, message)
        elif one.silent:
            message = f"{where} is recorded as running, but its last heartbeat is {age} old"
            yield warning("monitor.silent", subject, message)
        elif one.state is MonitorState.RUNNING and one.last_error is not None:
            yield warning("monitor.failing", subject, f"{where}: {one.last_error}")
        elif one.state is MonitorState.RUNNING:
            yield fine("monitor.running", subject, f"{where}, last heartbeat {age} ago")
        elif one.state is MonitorState.LOST and another_runs:
            message = f"{where} ended without a notice, last heartbeat {age} ago; another monitor is running"
            yield info("monitor.lost", subject, message)
        elif one.state is MonitorState.LOST:
            message = f"{where} ended without a notice, last heartbeat {age} ago; no monitor is running"
            yield warning("monitor.lost", subject, message)


def _rounded(span: timedelta) -> str:
    return str(timedelta(seconds=round(span.total_seconds())))
