"""``webautodash session``: stored files, and the correction of a wrong time."""

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
)
from webautodash.cli.terminal.corrections import say_corrected
from webautodash.cli.terminal.listing import show_listing
from webautodash.cli.terminal.output import say, show_fields, show_json
from webautodash.config import Settings
from webautodash.services.review import sessions
from webautodash.services.review.sessions import Decided
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Ingested files: list, show, correct a wrong time.")

_COLUMNS = {
    "provider": "provider",
    "id": "id",
    "file": "path",
    "extracted": "extracted_at",
    "future": "is_future",
    "stored": "stored",
    "changed": "changed",
    "duplicates": "duplicates",
    "set aside": "set_aside",
    "conflicts": "conflicts",
}


@app.command("list", epilog="Example: webautodash session list gary_wang")
def list_(
    provider: AnyProviderArgument = None,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ingested files in the order in which they were stored."""
    with Store.open(Settings.load()) as store:
        found = sessions.search(store, provider, limit=limit, after=after)
    show_listing(found, _COLUMNS, "no sessions", as_json=as_json)


@app.command()
def show(provider: ProviderArgument, session_id: NumberArgument, as_json: JsonOption = False) -> None:
    """One ingested file, and what people decided about it."""
    with Store.open(Settings.load()) as store:
        found = sessions.show(store, provider, session_id)
    if as_json:
        show_json(found)
        return
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
            "sha256": one.content_sha256,
            "ingested": one.ingested_at,
            "patients": f"{one.found}: {one.stored} stored, {one.changed} changed, {one.duplicates} duplicates, "
            f"{one.set_aside} set aside",
            "conflicts": one.conflicts,
            "decisions": list(map(_decision, found.decisions)),
        }
    )


@app.command(
    "set-time",
    epilog="Example: webautodash session set-time gary_wang 7 2024-02-04T09:00:00 --by Ann --why 'a wrong clock'",
)
def set_time(
    provider: ProviderArgument,
    session_id: NumberArgument,
    time: Annotated[str, typer.Argument(metavar="TIME", help="The right time, as ISO.", show_default=False)],
    by: ByOption,
    why: WhyOption,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Give a session its right time; its patients and their conflicts follow.

    The earlier time can be given again, unless there was none or it lies ahead of now: try it with --dry-run first.
    """
    with Store.open(Settings.load()) as store:
        done = sessions.set_time(store, provider, session_id, time, by=by, why=why, dry_run=dry_run)
    if as_json:
        show_json(done)
        return
    before = f"{done.old_time:%Y-%m-%d %H:%M:%S}Z" if done.old_time is not None else "no time"
    would = "would have" if dry_run else "has"
    say(f"session {done.session_id} of {done.provider} {would} the time {done.new_time:%Y-%m-%d %H:%M:%S}Z")
    say(f"before: {before}")
    say_corrected(done)


def _decision(one: Decided) -> str:
    values = "".join(f" {value}" for value in (one.old_value, one.new_value and "->", one.new_value) if value)
    return f"{one.kind}{values} by {one.decided_by}, {one.decided_at:%Y-%m-%d %H:%M}Z: {one.why}"
