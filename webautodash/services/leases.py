"""Alone at work on something, among all processes and machines that share a system database.

A lease is a row with an owner and a time at which it runs out. Whoever holds it renews it in a thread while at work, so
one of a process that was killed runs out by itself. It works on clusters, where a server's own locks do not.
"""

import getpass
import os
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from uuid import uuid4

from webautodash.database import Database
from webautodash.errors import DuplicateKey, LeaseHeld, LeaseLost, WebAutoDashError
from webautodash.repositories.unit_of_work import SystemWork

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

    def __init__(self, system: Database[SystemWork], name: str, seconds: int) -> None:
        self.name, self.token = name, uuid4().hex
        self._system, self._seconds = system, seconds

    def require(self) -> None:
        """Make sure that it is still held, and for a full time from now. Raises LeaseLost."""
        renewed = self._system.run(lambda work: work.leases.renew(self.name, self.token, self._seconds))
        if not renewed:
            raise LeaseLost(self.name)

    def look(self) -> None:
        """Make sure that it is still held at this moment, which costs no commit. Raises LeaseLost."""
        with self._system.reading() as work:
            if not work.leases.holds(self.name, self.token):
                raise LeaseLost(self.name)


@contextmanager
def leased(system: Database[SystemWork], name: str, purpose: str, seconds: int) -> Iterator[HeldLease]:
    """Hold a lease for as long as the block lasts. Raises LeaseHeld where another holds it, and says who."""
    lease = HeldLease(system, name, seconds)
    _take(system, lease, purpose, seconds)
    with _kept(system, lease.token, seconds):
        yield lease


class HeldLeases:
    """Several leases while they are held."""

    def __init__(self, system: Database[SystemWork], names: Collection[str], token: str) -> None:
        self._system, self._names, self._token = system, set(names), token

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def all_held(self) -> bool:
        """Whether each is still held at this moment."""
        with self._system.reading() as work:
            return work.leases.held_with(self._token) >= self._names


@contextmanager
def leased_of(system: Database[SystemWork], purposes: Mapping[str, str], seconds: int) -> Iterator[HeldLeases]:
    """Hold, for as long as the block lasts, those leases of some, by name, that nobody else holds."""
    token, mine = uuid4().hex, _me()

    def take(work: SystemWork) -> list[str]:
        leases = work.leases
        # In one order, whoever takes them: two processes then wait for each other, and never both.
        return [name for name in sorted(purposes) if leases.take(name, token, mine, purposes[name], seconds)]

    names = system.run_raced(take)
    if not names:
        yield HeldLeases(system, names, token)
        return
    with _kept(system, token, seconds):
        yield HeldLeases(system, names, token)


@contextmanager
def _kept(system: Database[SystemWork], token: str, seconds: int) -> Iterator[None]:
    """Renew all that a token holds while the block lasts, then give it back."""
    done = Event()

    def renew() -> None:
        while not done.wait(seconds / _RENEWALS):
            # One renewal that fails is made up for by the next; the holder asks before each step anyway.
            with suppress(WebAutoDashError):
                system.run(lambda work: work.leases.renew_all(token, seconds))

    renewing = Thread(target=renew, name="leases", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        # What cannot be given back runs out.
        with suppress(WebAutoDashError):
            system.run(lambda work: work.leases.give_back(token))


def _me() -> str:
    return f"{operator()}@{host()}, process {os.getpid()}"


def _take(system: Database[SystemWork], lease: HeldLease, purpose: str, seconds: int) -> None:
    mine = _me()
    with suppress(DuplicateKey):
        if system.run(lambda work: work.leases.take(lease.name, lease.token, mine, purpose, seconds)):
            return
    with system.reading() as work:
        holding = work.leases.find(lease.name)
    if holding is None:  # given back at this moment
        raise LeaseHeld(lease.name, "another process", "", None)
    raise LeaseHeld(lease.name, holding.holder, holding.purpose, holding.taken_at)
