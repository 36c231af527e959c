"""What one process wants of others."""

from datetime import datetime

from webautodash.errors.base import TransientError


class LeaseHeld(TransientError):
    """Another process is at work on the same thing."""

    def __init__(self, name: str, holder: str, purpose: str, since: datetime | None) -> None:
        self.name, self.holder, self.purpose, self.since = name, holder, purpose, since
        at = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        work = f" ({purpose})" if purpose else ""
        super().__init__(f"{name}: {holder} is at work on it{at}{work}; wait for its end, then try again")


class LeaseLost(TransientError):
    """The time of a lease ran out while its holder was at work; whoever took it over goes on."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name}: the lease ran out or is another's by now; stopped before the next step")


class DeliveryFailed(TransientError):
    """A message about alerts did not arrive; ``reason`` is a type, a code or a number, without any secret."""

    def __init__(self, channel: str, reason: str) -> None:
        self.channel, self.reason = channel, reason
        super().__init__(f"{channel}: {reason}")
