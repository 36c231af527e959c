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
    """A monitor whose heartbeat stopped."""


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
    """The state of a message that carries alerts."""

    key: str
    """The SHA-256 of what makes it this one and no other: a second of the same key adds nothing."""
    kind: AlertKind
    message: str
    severity: Severity | None = None
    """The worst of its conflicts, None where that is not known."""
    provider: str | None = None
    """The slug."""
    database_name: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def cause_key(kind: AlertKind, *parts: object) -> str:
    """The key of a cause: the same parts, the same cause."""
    return sha256("\0".join((kind, *map(str, parts))).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Rules:
    """The state of a message that carries alerts."""

    kinds: frozenset[AlertKind]
    least: Severity = Severity.LOW
    """Of conflicts: less than this is not told."""

    def want(self, kind: AlertKind, severity: Severity | None = None) -> bool:
        """Whether an alert goes there; a conflict of unknown severity goes wherever conflicts go."""
        if kind is AlertKind.CONFLICT and severity is not None and severity.rank < self.least.rank:
            return False
        return kind in self.kinds


DEFAULT_RULES = "conflict:high rejected held set_aside behind silent"
"""All kinds, of conflicts those that matter most."""
_OFF = "off"
_SEPARATORS = re.compile(r"[\s,]+")


def parse_rules(text: str) -> Rules:
    """``conflict:high rejected``: kinds, of conflicts with the least severity; ``off`` for none.

    Where conflicts are named twice, the lesser severity counts. Raises ValueError for an unknown word.
    """
    words = [word for word in _SEPARATORS.split(text) if word]
    if words == [_OFF]:
        return Rules(frozenset())
    if not words:
        raise ValueError("no rule; off is for none")
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
    """The least that a conflict has to be for any of the channels, None where none of them takes conflicts."""
    wanted = [each.least for each in rules if AlertKind.CONFLICT in each.kinds]
    return min(wanted, key=lambda each: each.rank, default=None)
