"""Errors of work that several processes share, and of deliveries."""

from datetime import datetime

from webautodash.errors.base import TransientError


class LeaseHeld(TransientError):
    """Another process holds the lease."""

    def __init__(self, name: str, holder: str, purpose: str, since: datetime | None) -> None:
        self.name, self.holder, self.purpose, self.since = name, holder, purpose, since
        at = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        work = f" ({purpose})" if purpose else ""
        super().__init__(f"{name}: {holder} is at work on it{at}{work}; wait until it ends, then try again")


class LeaseLost(TransientError):
    """A lease expired while its holder was at work; another process may have taken it over."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name}: the lease expired or was taken over; stopped before the next step")


class DeliveryFailed(TransientError):
    """An alert message was not delivered; ``reason`` is a type, a code or a number, never a secret."""

    def __init__(self, channel: str, reason: str) -> None:
        self.channel, self.reason = channel, reason
        super().__init__(f"{channel}: {reason}")
