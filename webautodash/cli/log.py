"""``webautodash log``."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from webautodash.cli.options import JsonOption, LimitOption, OnlyProviderOption
from webautodash.cli.output import say, show_json, show_table
from webautodash.config import Settings
from webautodash.domain.vocabulary import Level
from webautodash.errors import UsageError
from webautodash.services import log as system_log
from webautodash.services.providers import resolve
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.command(epilog="Example: webautodash log --level WARNING --since 2d")
def log(
    level: Annotated[Level, typer.Option("--level", help="This level and above.", case_sensitive=False)] = Level.INFO,
    component: Annotated[
        str | None, typer.Option("--component", metavar="NAME", help="Only of this part: ingest, providers, migrate.")
    ] = None,
    provider: OnlyProviderOption = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only from then on: 2025-03-10, 2025-03-10T09:00, 90m, 2h, 7d."),
    ] = None,
    limit: LimitOption = 100,
    before: Annotated[int | None, typer.Option("--before", metavar="ID", help="Only older than this entry.")] = None,
    as_json: JsonOption = False,
) -> None:
    """The latest entries of the system log, the newest last. It never holds a patient's value."""
    settings = Settings.load()
    start = None if since is None else _moment(since, settings)
    with Store.open(settings) as store:
        slug = None if provider is None else resolve(store, provider).slug
        entries = system_log.search(
            store, level=level, component=component, provider=slug, since=start, limit=limit, before_id=before
        )
    if as_json:
        show_json(entries)
    elif not entries:
        say("no entries")
    else:
        show_table(
            ["id", "time", "level", "component", "event", "provider", "message"],
            [
                (one.id, one.created_at, one.level, one.component, one.event, one.provider, one.message)
                for one in entries
            ],
        )


def _moment(text: str, settings: Settings) -> datetime:
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError("--since takes 2025-03-10, 2025-03-10T09:00, or 90m, 2h, 7d") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=settings.zone)
