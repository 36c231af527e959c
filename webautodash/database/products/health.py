"""What a server says of itself. Facts only: whether they are good is for others to say."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    """A server, as it shows itself to the account that asks."""

    product: str
    """As people write it."""
    version: str
    oldest: str
    """The oldest version of this product that the program can work with."""
    too_old: bool
    account: str | None
    """As a statement names it; none where a product has no accounts."""
    network: bool
    """Whether the connection leaves this machine."""
    cipher: str | None
    """Of the connection's TLS."""
    seconds_ahead: float
    """How far its clock is ahead of this machine's."""
    variables: Mapping[str, str]
    """Its settings, those that it has."""
