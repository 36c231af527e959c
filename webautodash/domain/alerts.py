"""What an alert may be about, where it goes, and the rules that say which go where."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

from webautodash.domain.vocabulary import Severity


class AlertKind(StrEnum):
    """What an alert is about."""

    CONFLICT = "conflict"
    """A new conflict of at least a given severity."""
    REJECTED = "rejected"
    """A file that was rejected."""
    HELD = "held"
    """A file that is held."""
    SET_ASIDE = "set_aside"
    """Patients that were set aside."""
    BEHIND = "behind"
    """A database that takes no files: behind, newer than the program, being migrated, empty or gone."""
    SILENT = "silent"
    """A monitor whose heartbeat stopped, or a provider whose files are overdue or come again."""


class AlertChannel(StrEnum):
    """Where alerts are sent."""

    LOG = "log"
    """The system log."""
    MAIL = "mail"
    """Mail over SMTP."""
    WEBHOOK = "webhook"
    """A signed POST request."""
    APPRISE = "apprise"
    """A service that the apprise library supports."""


class DigestState(StrEnum):
    """The state of a message that carries alerts."""

    PENDING = "pending"
    """To be sent; also an alert that is in no message yet."""
    DELIVERED = "delivered"
    """Sent."""
    FAILED = "failed"
    """Not tried again after the last attempt, until a person asks for it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that causes an alert."""

    key: str
    """The SHA-256 of what identifies the cause; a second cause with the same key is ignored."""
    kind: AlertKind
    message: str
    severity: Severity | None = None
    """The highest severity of its conflicts, None if unknown."""
    provider: str | None = None
    """The slug."""
    database_name: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def cause_key(kind: AlertKind, *parts: object) -> str:
    """The key of a cause, which is the same for the same parts."""
    return sha256("\0".join((kind, *map(str, parts))).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Rules:
    """Which alerts a channel sends."""

    kinds: frozenset[AlertKind]
    least: Severity = Severity.LOW
    """Conflicts of a lower severity raise no alert."""

    def want(self, kind: AlertKind, severity: Severity | None = None) -> bool:
        """Whether an alert is sent to the channel; a conflict of unknown severity counts as the most severe."""
        if kind is AlertKind.CONFLICT and severity is not None and severity.rank < self.least.rank:
            return False
        return kind in self.kinds


DEFAULT_RULES = "conflict:high rejected held set_aside behind silent"
"""All kinds; only the most severe conflicts."""
_OFF = "off"
_SEPARATORS = re.compile(r"[\s,]+")


def parse_rules(text: str) -> Rules:
    """Parse rules such as ``conflict:high rejected``: kinds, with the lowest severity of conflicts; ``off`` for none.

    If conflicts are listed twice, the lower severity counts. Raises ValueError for an unknown word.
    """
    words = [word for word in _SEPARATORS.split(text) if word]
    if words == [_OFF]:
        return Rules(frozenset())
    if not words:
        raise ValueError("no rules; use off for none")
    kinds, severities = set(), []
    for word in words:
        kind, colon, severity = word.partition(":")
        kinds.add(AlertKind(kind))
        if colon and kind != AlertKind.CONFLICT:
            raise ValueError(f"only conflicts have a severity, not {kind}")
        if kind == AlertKind.CONFLICT:
            severities.append(Severity(severity) if colon else Severity.LOW)
    return Rules(frozenset(kinds), min(severities, key=lambda each: each.rank, default=Severity.LOW))


def least_severity(rules: Iterable[Rules]) -> Severity | None:
    """The lowest severity for which any channel sends conflicts; None if no channel does."""
    wanted = [each.least for each in rules if AlertKind.CONFLICT in each.kinds]
    return min(wanted, key=lambda each: each.rank, default=None)
