"""The text of a digest: a subject with counts, a line per alert, the commands that show more.

A mail or the JSON of a webhook is read away from any terminal, also if a Python program sends it. Therefore the command
lines of alerts are made here, and all others in cli/.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from webautodash.domain.alerts import AlertKind
from webautodash.domain.vocabulary import Severity
from webautodash.repositories.alerts import RaisedAlert

_MOST_LINES = 100
_TITLES = {
    AlertKind.CONFLICT: "conflicts",
    AlertKind.REJECTED: "rejected files",
    AlertKind.HELD: "held files",
    AlertKind.SET_ASIDE: "patients set aside",
    AlertKind.BEHIND: "databases not ready",
    AlertKind.SILENT: "silent monitors and providers",
}
_ORDER = list(AlertKind)


@dataclass(frozen=True, slots=True)
class Message:
    """One digest for any channel; ``key`` is the same in every attempt."""

    key: str
    subject: str
    text: str
    alerts: tuple[RaisedAlert, ...]


def message_of(key: str, alerts: Sequence[RaisedAlert]) -> Message:
    """The message about some alerts; at least one."""
    ordered = sorted(alerts, key=_group)
    text = "\n".join((*_lines(ordered), "", f"key of this message: {key}", ""))
    return Message(key, _subject(ordered), text, tuple(alerts))


def trial_message(key: str) -> Message:
    """The message of ``alert test``."""
    text = f"This channel works. Nothing has happened.\n\nkey of this message: {key}\n"
    return Message(key, "WebAutoDash: a test of the alerts", text, ())


def command_of(alerts: Sequence[RaisedAlert]) -> str:
    """The command that shows more about alerts of one kind and provider; at least one alert."""
    kind, provider = alerts[0].kind, alerts[0].provider
    slug = f" {provider}" if provider else ""
    match kind:
        case AlertKind.CONFLICT:
            least = _least_counted(alerts)
            return f"webautodash conflict list{slug}" + (f" --severity {least}" if least else "")
        case AlertKind.REJECTED | AlertKind.HELD:
            return f"webautodash file list --state {kind}"
        case AlertKind.SET_ASIDE:
            return f"webautodash set-aside list{slug}"
        case AlertKind.BEHIND:
            only = f" --provider {provider}" if provider else ""
            # Only a database that is behind is certain to need a migration.
            to_migrate = all("needed" in _details(alert) for alert in alerts)
            return f"webautodash migrate {'up' if to_migrate else 'current'}{only}"
        case AlertKind.SILENT:
            return "webautodash status"


def _group(alert: RaisedAlert) -> tuple[int, str]:
    return _ORDER.index(alert.kind), alert.provider or ""


def _subject(ordered: Sequence[RaisedAlert]) -> str:
    counts = Counter(alert.kind for alert in ordered)
    listed = ", ".join(f"{_TITLES[kind]} {number}" for kind, number in counts.items())
    return f"WebAutoDash: {len(ordered)} alert{'s' if len(ordered) > 1 else ''} ({listed})"


def _lines(ordered: Sequence[RaisedAlert]) -> Iterator[str]:
    room = _MOST_LINES
    for number, group in enumerate([list(each) for _, each in groupby(ordered, _group)]):
        if room <= 0:
            break
        if number:
            yield ""
        yield _heading(group)
        for alert in group[:room]:
            yield f"  {alert.created_at:%Y-%m-%d %H:%M:%S} UTC  {alert.message}{_numbers(alert)}"
        room -= len(group)
    if len(ordered) > _MOST_LINES:
        yield f"and {len(ordered) - _MOST_LINES} more: webautodash alert list"


def _heading(group: Sequence[RaisedAlert]) -> str:
    first = group[0]
    whose = f", provider {first.provider}" if first.provider else ""
    return f"{_TITLES[first.kind]}{whose} ({len(group)}): {command_of(group)}"


def _least_counted(alerts: Sequence[RaisedAlert]) -> Severity | None:
    """The least severity among the conflicts, so that a list from there on contains all of them.

    None if the severities of an alert are unknown.
    """
    counted = [_details(alert).get("by_severity") or {} for alert in alerts]
    if not all(counted):
        return None
    return min((Severity(word) for each in counted for word in each), key=lambda severity: severity.rank)


def _numbers(alert: RaisedAlert) -> str:
    details = _details(alert)
    ids = details.get("ids")
    if not ids:
        return ""
    more = details.get("conflicts", len(ids)) - len(ids)
    return f" (numbers {', '.join(map(str, ids))}{f' and {more} more' if more > 0 else ''})"


def _details(alert: RaisedAlert) -> dict[str, Any]:
    return alert.details if isinstance(alert.details, dict) else {}
