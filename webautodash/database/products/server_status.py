"""What a server reports about itself and about the account that asks."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ServerProblem:
    """Something about a server, an account or a database that a person should look at, with the fix."""

    severity: Literal["error", "warning", "info"]
    code: str
    """Stable, for programs."""
    subject: str
    message: str
    fix: str
    """A statement, or what to change."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server as the connecting account sees it."""

    product: str
    """The product's name, for people."""
    version: str
    oldest: str
    """The oldest supported version of this product."""
    too_old: bool
    account: str | None
    """The account, quoted as in a statement; None if the product has no accounts."""
    network: bool
    """Whether the connection leaves this machine."""
    cipher: str | None
    """The connection's TLS cipher."""
    seconds_ahead: float
    """How far the server's clock is ahead of this machine's."""
    durability: tuple[ServerProblem, ...] = ()
    """Settings with which a crash loses committed data."""
    settings: tuple[ServerProblem, ...] = ()
    """Other settings that cause problems."""


@dataclass(frozen=True, slots=True)
class RightsReport:
    """What the connecting account may do, compared with what the program needs."""

    account: str
    needed: str
    """The databases that the account needs all rights on, as a statement names them."""
    problems: tuple[ServerProblem, ...]
