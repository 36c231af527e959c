"""``webautodash status``."""

from collections.abc import Mapping

import typer

from webautodash.cli.exit_status import end_with
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.divergences import show_divergences
from webautodash.cli.terminal.output import as_text, say, show_fields, show_json, show_numbers, show_table
from webautodash.config import Settings
from webautodash.domain.vocabulary import STORED_FILES, FileState, MonitorState, Severity
from webautodash.services.statistics import current_status as state_of_things
from webautodash.services.statistics.current_status import AlertStatus, LastDay, MonitorStatus, ProviderStatus, Status
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@app.command()
def status(as_json: JsonOption = False) -> None:
    """What is going on: monitors, files by state, providers, conflicts that wait, and the last 24 hours.

    It comes out of the databases, from any shell on any machine that reaches them.
    """
    with Store.open(Settings.load()) as store:
        found = state_of_things.status(store)
    if as_json:
        show_json(found)
    else:
        _show(found)
    end_with(
        [problem.problem for problem in found.problems]
        + [f"{one.provider}: {one.summary}; see `webautodash doctor`" for one in found.divergences]
    )


def _show(found: Status) -> None:
    _show_monitors(found.monitoring_status.monitors)
    _show_files(found)
    _show_providers(found.provider_database_statistics.providers)
    show_divergences(found.divergences)
    _show_day(found.last_day)
    _show_alerts(found.alerts)


def _show_monitors(monitors: tuple[MonitorStatus, ...]) -> None:
    if not monitors:
        say("no monitor has run yet: webautodash monitor")
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
            since = f" {as_text(one.last_error_at)}" if one.last_error_at is not None else ""
            say(f"  {one.host}, process {one.pid}, last error{since}: {one.last_error}")


def _state(one: MonitorStatus) -> str:
    if one.silent and one.heartbeat_seconds_ago < 0:
        return f"its last heartbeat lies {_time(-one.heartbeat_seconds_ago)} in the future"
    if one.silent:
        return f"no heartbeat for {_time(one.heartbeat_seconds_ago)}, 3 intervals and more"
    if one.pass_running_seconds is not None:
        return f"running, taking files for {_time(one.pass_running_seconds)}"
    return "ended without a word" if one.state is MonitorState.LOST else one.state.value


def _show_files(found: Status) -> None:
    say("")
    numbers = [f"{number:,} {state}" for state, number in found.files.items() if number]
    oldest = found.oldest_waiting_seconds
    waits = f"; the oldest that waits is here for {_time(oldest)}" if oldest is not None else ""
    say(f"files: {', '.join(numbers) or 'none yet'}{waits}")
    shown = [*found.waiting, *found.failed]
    if shown:
        show_table(
            ["state", "file", "since", "attempts", "next attempt", "reason"],
            [(one.state, one.path, one.first_seen_at, one.attempts, one.next_attempt_at, one.reason) for one in shown],
        )
    if _not_taken(found.files) > len(shown):
        say(f"the first {len(shown)} of {_not_taken(found.files)}; all: webautodash file list")


def _not_taken(files: Mapping[FileState, int]) -> int:
    return sum(number for state, number in files.items() if state not in STORED_FILES)


def _show_providers(providers: tuple[ProviderStatus, ...]) -> None:
    if not providers:
        return
    say("")
    worst_first = list(reversed(Severity))
    show_numbers(
        ["provider", "last extraction", "files", "patients", "conflicts", *(f"open {one}" for one in worst_first)],
        [
            [
                one.name,
                one.last_extraction,
                one.total_sessions,
                one.total_patients,
                one.total_conflicts,
                *(None if one.open_conflicts is None else one.open_conflicts[severity] for severity in worst_first),
            ]
            for one in providers
        ],
    )


def _show_day(day: LastDay) -> None:
    say("")
    say("the last 24 hours")
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


def _show_alerts(alerts: AlertStatus) -> None:
    waiting = ", ".join(f"{number:,} for {channel}" for channel, number in alerts.waiting.items() if number)
    if waiting or alerts.failed:
        say("")
    if waiting:
        say(f"alerts that go out next: {waiting}")
    if alerts.failed:
        say("alerts that could not be delivered; again: webautodash alert retry, or forget")
        show_table(
            ["  message", "channel", "alerts", "attempts", "since", "reason"],
            [
                (f"  {one.id}", one.channel, one.alerts, one.attempts, one.created_at, one.last_error)
                for one in alerts.failed
            ],
        )


def _time(seconds: float) -> str:
    """About so long, in the unit that fits."""
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
