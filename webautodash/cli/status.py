"""``webautodash status``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer

from webautodash.cli.advice import explain_unreadable
from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import print_line, show
from webautodash.cli.terminal.results import show_advice, show_divergences
from webautodash.cli.terminal.tables import cell_text, show_fields, show_items, show_numbers, show_table
from webautodash.client import WebAutoDash
from webautodash.domain.vocabulary import STORED_FILES, FileState, MonitorState, Severity

if TYPE_CHECKING:
    from webautodash.client.reports import AlertStatus, LastDay, MonitorStatus, ProviderSummary, Status

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_FILE_COLUMNS = {
    "state": "state",
    "file": "path",
    "since": "first_seen_at",
    "attempts": "attempts",
    "next attempt": "next_attempt_at",
    "kind": "kind",
    "reason": "reason",
}


@app.command(epilog="Example: webautodash status --json")
def status(as_json: JsonOption = False) -> None:
    """Show monitors, files by state, providers, unresolved conflicts, and the last 24 hours.

    The figures are read from the databases, on any machine that reaches them.
    """
    with WebAutoDash() as webautodash:
        found = webautodash.status()
    show(found, _show_status, as_json=as_json)
    exit_with_problems(
        [explain_unreadable(problem) for problem in found.problems]
        + [f"{one.provider}: {one.summary}; see `webautodash doctor`" for one in found.divergences]
    )


def _show_status(found: "Status") -> None:
    _show_monitors(found.monitoring_status.monitors)
    _show_files(found)
    _show_providers(found.provider_database_statistics.providers)
    for one in found.overdue:
        print_line(
            f"overdue: {one.name}: no file since {cell_text(one.last_at)}, usually one every "
            f"{_duration(one.interval_seconds)}"
        )
    show_divergences(found.divergences)
    _show_day(found.last_day)
    _show_alerts(found.alerts)


def _show_monitors(monitors: "Sequence[MonitorStatus]") -> None:
    if not monitors:
        print_line("no monitor has run yet; to start one: webautodash monitor")
        return
    show_table(
        ["monitor", "process", "state", "since", "last pass", "took", "files taken", "files/s"],
        [
            (
                one.host,
                one.pid,
                _state(one),
                one.since,
                one.last_pass_at,
                None if one.last_pass_seconds is None else f"{one.last_pass_seconds:.2f} s",
                one.files_taken,
                one.files_per_second,
            )
            for one in monitors
        ],
    )
    for one in monitors:
        if one.last_error is not None:
            since = f" {cell_text(one.last_error_at)}" if one.last_error_at is not None else ""
            print_line(f"  {one.host}, process {one.pid}, last error{since}: {one.last_error}")


def _state(one: "MonitorStatus") -> str:
    if one.silent and one.heartbeat_seconds_ago < 0:
        return f"its last heartbeat is {_duration(-one.heartbeat_seconds_ago)} in the future"
    if one.silent:
        return f"no heartbeat for {_duration(one.heartbeat_seconds_ago)}, at least 3 intervals"
    if one.pass_running_seconds is not None:
        return f"running, reading files for {_duration(one.pass_running_seconds)}"
    return "ended unexpectedly" if one.state is MonitorState.LOST else one.state.value


def _show_files(found: "Status") -> None:
    print_line("")
    numbers = [f"{number:,} {state}" for state, number in found.files.items() if number]
    oldest = found.oldest_waiting_seconds
    waits = f"; the oldest has waited for {_duration(oldest)}" if oldest is not None else ""
    print_line(f"files: {', '.join(numbers) or 'none yet'}{waits}")
    shown = [*found.waiting, *found.failed]
    if shown:
        show_items(_FILE_COLUMNS, shown)
        show_advice(one.kind for one in shown)
    if _not_stored(found.files) > len(shown):
        print_line(f"first {len(shown)} of {_not_stored(found.files)}; to see all: webautodash file list")


def _not_stored(files: Mapping[FileState, int]) -> int:
    return sum(number for state, number in files.items() if state not in STORED_FILES)


def _show_providers(providers: "Sequence[ProviderSummary]") -> None:
    if not providers:
        return
    print_line("")
    most_severe_first = list(reversed(Severity))
    columns = ("provider", "last extraction", "files", "patients", "conflicts")
    unknown = dict.fromkeys(Severity)
    show_numbers(
        [*columns, *(f"open {one}" for one in most_severe_first)],
        [
            [
                one.name,
                one.last_extraction,
                one.total_sessions,
                one.total_patients,
                one.total_conflicts,
                *map((one.open_conflicts or unknown).__getitem__, most_severe_first),
            ]
            for one in providers
        ],
    )


def _show_day(day: "LastDay") -> None:
    print_line("")
    print_line("the last 24 hours")
    taken = day.taken
    show_fields(
        {
            "  files": ", ".join(f"{number:,} {state}" for state, number in taken.files.items()) or "none",
            "  patients": f"{taken.found:,} found: {taken.stored:,} stored, {taken.changed:,} changed, "
            f"{taken.duplicates:,} duplicates, {taken.set_aside:,} set aside",
            "  conflicts": f"{day.conflicts_detected:,} found",
            "  log": ", ".join(f"{number:,} {level}" for level, number in day.log_entries.items()),
        }
    )
    if day.latest_problems:
        show_table(
            ["  time", "level", "component", "provider", "message"],
            [
                (f"  {one.created_at:%Y-%m-%dT%H:%M:%SZ}", one.level, one.component, one.provider, one.message)
                for one in day.latest_problems
            ],
        )


def _show_alerts(alerts: "AlertStatus") -> None:
    waiting = ", ".join(f"{number:,} (channel: {channel})" for channel, number in alerts.waiting.items() if number)
    if waiting or alerts.failed:
        print_line("")
    if waiting:
        print_line(f"pending alerts: {waiting}")
    if alerts.failed:
        print_line("alerts that could not be delivered; next: webautodash alert retry, or webautodash alert forget")
        show_table(
            ["  message", "channel", "alerts", "attempts", "since", "reason"],
            [
                (f"  {one.id}", one.channel, one.alerts, one.attempts, one.created_at, one.last_error)
                for one in alerts.failed
            ],
        )


def _duration(seconds: float) -> str:
    """A rounded duration in the largest unit that fits twice."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
