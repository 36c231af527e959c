"""Leases: locks among all processes and machines that share a system database.

A lease is a row with a holder and an expiry time. Its holder renews it in a thread, so that the lease of a process that
was killed expires by itself. It works on clusters, unlike a server's own locks.
"""

import getpass
import os
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from threading import Event, Thread
from uuid import uuid4

from webautodash.database import Database
from webautodash.errors import LeaseHeld, LeaseLost, WebAutoDashError
from webautodash.repositories.unit_of_work import SystemWork

_RENEWALS = 3
"""The number of renewals in the time after which a lease expires."""


def operator() -> str:
    """The name of the user who runs this process."""
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return f"user {os.getuid()}"


def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


class HeldLease:
    """A lease that this process holds."""

    def __init__(self, system: Database[SystemWork], name: str, token: str, seconds: int) -> None:
        self.name, self.token = name, token
        self._system, self._seconds = system, seconds

    def require(self) -> None:
        """Renew the lease for its full time. Raises LeaseLost."""
        if not self._system.run(lambda work: work.leases.renew(self.name, self.token, self._seconds)):
            raise LeaseLost(self.name)

    def check(self) -> None:
        """Check that the lease is still held, without a commit. Raises LeaseLost."""
        with self._system.reading() as work:
            if not work.leases.holds(self.name, self.token):
                raise LeaseLost(self.name)


class HeldLeases:
    """Several leases that this process holds."""

    def __init__(self, system: Database[SystemWork], names: Collection[str], token: str) -> None:
        self._system, self._names, self.token = system, set(names), token

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def all_held(self) -> bool:
        """Whether each of them is still held."""
        with self._system.reading() as work:
            return work.leases.names_held_with(self.token) >= self._names


@contextmanager
def leased(system: Database[SystemWork], name: str, purpose: str, seconds: int) -> Iterator[HeldLease]:
    """Hold a lease until the block ends. Raises LeaseHeld, with the holder, if another process holds it."""
    with leased_of(system, {name: purpose}, seconds) as leases:
        if name not in leases:
            with system.reading() as work:
                record = work.leases.find(name)
            if record is None:  # released just now
                raise LeaseHeld(name, "another process", "", None)
            raise LeaseHeld(name, record.holder, record.purpose, record.taken_at)
        yield HeldLease(system, name, leases.token, seconds)


@contextmanager
def leased_of(system: Database[SystemWork], purposes: Mapping[str, str], seconds: int) -> Iterator[HeldLeases]:
    """Hold, until the block ends, those of some leases that are free; ``purposes`` has their names as keys."""
    token, holder = uuid4().hex, f"{operator()}@{host()}, process {os.getpid()}"

    def take(work: SystemWork) -> list[str]:
        leases = work.leases
        # Every process takes them in the same order, so that no two of them wait for each other forever.
        return [name for name in sorted(purposes) if leases.take(name, token, holder, purposes[name], seconds)]

    names = system.run_raced(take)
    with _renewed(system, token, seconds) if names else nullcontext():
        yield HeldLeases(system, names, token)


@contextmanager
def _renewed(system: Database[SystemWork], token: str, seconds: int) -> Iterator[None]:
    """Renew all leases of a token until the block ends, then release them."""
    done = Event()

    def renew() -> None:
        while not done.wait(seconds / _RENEWALS):
            # If a renewal fails, the next one follows soon; the holder also checks before each step.
            with suppress(WebAutoDashError):
                system.run(lambda work: work.leases.renew_all(token, seconds))

    renewing = Thread(target=renew, name="leases", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        done.set()
        renewing.join()
        # What cannot be released expires.
        with suppress(WebAutoDashError):
            system.run(lambda work: work.leases.release(token))
