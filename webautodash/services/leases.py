"""Alone at work on something, among all processes and machines that share a system database.

A lease is a row with an owner and a time at which it runs out. Whoever holds it renews it in a thread while at work, so
one of a process that was killed runs out by itself. It works on clusters, where a server's own locks do not.
"""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from uuid import uuid4

from webautodash.database import Database
from webautodash.errors import DuplicateKey, LeaseHeld, LeaseLost, WebAutoDashError
from webautodash.repositories import LeaseRepository

_RENEWALS = 3
"""In the time after which a lease runs out."""


def operator() -> str:
    """Who runs this process."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return f"user {os.getuid()}"


def host() -> str:
    """The machine it runs on."""
    return socket.gethostname()


class HeldLease:
    """A lease while it is held."""

    def __init__(self, system: Database, name: str, seconds: int) -> None:
        self.name, self.token = name, uuid4().hex
        self._system, self._seconds = system, seconds

    def require(self) -> None:
        """Make sure that it is still held, and for a full time from now. Raises LeaseLost."""
        renewed = self._system.run(lambda session: LeaseRepository(session).renew(self.name, self.token, self._seconds))
        if not renewed:
            raise LeaseLost(self.name)

    def look(self) -> None:
        """Make sure that it is still held at this moment, which costs no commit. Raises LeaseLost."""
        with self._system.reading() as session:
            if not LeaseRepository(session).holds(self.name, self.token):
                raise LeaseLost(self.name)


@contextmanager
def leased(system: Database, name: str, purpose: str, seconds: int) -> Iterator[HeldLease]:
    """Hold a lease for as long as the block lasts. Raises LeaseHeld where another holds it, and says who."""
    lease = HeldLease(system, name, seconds)
    _take(system, lease, purpose, seconds)
    done = Event()
    renewing = Thread(target=_keep, args=(lease, done, seconds / _RENEWALS), name=f"lease {name}", daemon=True)
    renewing.start()
    try:
        yield lease
    finally:
        done.set()
        renewing.join()
        # Where it cannot be given back it runs out.
        with suppress(WebAutoDashError):
            system.run(lambda session: LeaseRepository(session).give_back(name, lease.token))


def _take(system: Database, lease: HeldLease, purpose: str, seconds: int) -> None:
    mine = f"{operator()}@{host()}, process {os.getpid()}"
    with suppress(DuplicateKey):
        if system.run(lambda session: LeaseRepository(session).take(lease.name, lease.token, mine, purpose, seconds)):
            return
    with system.reading() as session:
        holding = LeaseRepository(session).find(lease.name)
    if holding is None:  # given back at this moment
        raise LeaseHeld(lease.name, "another process", "", None)
    raise LeaseHeld(lease.name, holding.holder, holding.purpose, holding.taken_at)


def _keep(lease: HeldLease, done: Event, pause: float) -> None:
    while not done.wait(pause):
        # One renewal that fails is made up for by the next; the holder asks before each step anyway.
        with suppress(WebAutoDashError):
            lease.require()
