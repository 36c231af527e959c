"""``webautodash session``: ingested files."""

from typing import Annotated

import typer

from webautodash.cli.options import (
    AfterOption,
    AnyProviderArgument,
    ByOption,
    DryRunOption,
    JsonOption,
    LimitOption,
    NumberArgument,
    ProviderArgument,
    WhyOption,
    parse_day,
    parse_time,
)
from webautodash.cli.terminal.output import print_line, show
from webautodash.cli.terminal.results import show_consequences, show_listing
from webautodash.cli.terminal.tables import show_fields
from webautodash.client import WebAutoDash
from webautodash.client.extraction_sessions import DecidedSession, RecordedDecision, SessionFilter, TimeCorrection

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = {
    "provider": "provider",
    "id": "id",
    "file": "path",
    "extracted": "extracted_at",
    "in the future": "is_future",
    "stored": "stored",
    "changed": "changed",
    "duplicates": "duplicates",
    "set aside": "set_aside",
    "conflicts": "conflicts",
}


@app.command(
    "list",
    epilog="Examples: webautodash session list gary_wang --since 7d; "
    "webautodash session list --medication Lisinopril --from 2024-01-01 --to 2024-12-31",
)
def list_(
    provider: AnyProviderArgument = None,
    medication: Annotated[
        str | None, typer.Option("--medication", metavar="NAME", help="Only this target medication, in any case.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Only date ranges that end on this day or later.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Only date ranges that begin on this day or earlier.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only extracted at this time or later: 2025-03-10, 7d."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Only extracted at this time or earlier.")
    ] = None,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """List ingested files in the order in which they were stored, all or those of some searches or times."""
    with WebAutoDash() as webautodash:
        zone = webautodash.settings.zone
        wanted = SessionFilter(
            medication,
            None if start is None else parse_day("--from", start),
            None if end is None else parse_day("--to", end),
            None if since is None else parse_time("--since", since, zone),
            None if until is None else parse_time("--until", until, zone),
        )
        found = webautodash.extraction_sessions.search(provider, wanted, limit=limit, after=after)
    any_future = any(one.is_future for one in found.items)
    columns = {name: field for name, field in _COLUMNS.items() if field != "is_future" or any_future}
    show_listing(found, columns, "no sessions", as_json=as_json)


@app.command("show", epilog="Example: webautodash session show gary_wang 7")
def show_(provider: ProviderArgument, session_id: NumberArgument, as_json: JsonOption = False) -> None:
    """Show one ingested file and the decisions about it."""
    with WebAutoDash() as webautodash:
        found = webautodash.extraction_sessions.show(provider, session_id)
    show(found, _show_session, as_json=as_json)


@app.command(
    "set-time",
    epilog="Example: webautodash session set-time gary_wang 7 2024-02-04T09:00:00 --by Ann --why 'a wrong clock'",
)
def set_time(
    provider: ProviderArgument,
    session_id: NumberArgument,
    time: Annotated[str, typer.Argument(metavar="TIME", help="The right time, as ISO 8601.", show_default=False)],
    by: ByOption,
    why: WhyOption,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Correct the time of a session.

    Its patients and their conflicts are updated. The earlier time can be set again, unless there was none or it is in
    the future: try it with --dry-run first.
    """
    with WebAutoDash() as webautodash:
        done = webautodash.extraction_sessions.set_time(provider, session_id, time, by=by, why=why, dry_run=dry_run)
    show(done, _show_correction, as_json=as_json)


def _show_session(found: DecidedSession) -> None:
    one = found.session
    show_fields(
        {
            "session": f"{one.id} of {one.provider}",
            "file": one.path,
            "extracted": one.extracted_at,
            "in the future": "yes; see `webautodash session set-time --help`" if one.is_future else None,
            "medication": one.target_medication,
            "from": one.start_date,
            "to": one.end_date,
            "profile": one.profile,
            "sha256": one.content_sha256,
            "ingested": one.ingested_at,
            "patients": f"{one.found}: {one.stored} stored, {one.changed} changed, {one.duplicates} duplicates, "
            f"{one.set_aside} set aside",
            "conflicts": one.conflicts,
            "decisions": list(map(_decision, found.decisions)),
        }
    )


def _show_correction(done: TimeCorrection) -> None:
    before = f"{done.old_time:%Y-%m-%d %H:%M:%S}Z" if done.old_time is not None else "no time"
    verb = "would have" if done.dry_run else "has"
    print_line(f"session {done.session_id} of {done.provider} {verb} the time {done.new_time:%Y-%m-%d %H:%M:%S}Z")
    print_line(f"before: {before}")
    show_consequences(done)


def _decision(one: RecordedDecision) -> str:
    values = "".join(f" {value}" for value in (one.old_value, one.new_value and "->", one.new_value) if value)
    return f"{one.kind}{values} by {one.decided_by}, {one.decided_at:%Y-%m-%d %H:%M}Z: {one.why}"
