"""``webautodash provider``: the registry."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from webautodash.cli.accounts import grant
from webautodash.cli.exit_status import PROBLEMS, end_with
from webautodash.cli.options import JsonOption, ProviderArgument
from webautodash.cli.terminal.output import complain, say, show_fields, show_json, show_table
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.config import Settings
from webautodash.domain.dates import DateOrder
from webautodash.services.ingest.progress import unheard
from webautodash.services.registry import adopt as adoption
from webautodash.services.registry import providers
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The registry of providers.")
app.command(epilog="Example: webautodash provider grant gary_wang --into accounts")(grant)


DateOrderOption = Annotated[
    DateOrder | None,
    typer.Option(
        "--date-order", help="How this provider's portal writes dates with slashes; mdy where nothing is said."
    ),
]


@app.command(epilog="Example: webautodash provider register 'Gary Wang'")
def register(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As the files name the provider.", show_default=False)],
    date_order: DateOrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a provider and make the database that is theirs. Safe to repeat."""
    with Store.prepare(Settings.load(), schema=True) as store:
        done = providers.register(store, name, date_order=date_order)
    if as_json:
        show_json(done)
    else:
        said = "registered" if done.created else "is registered already:"
        say(f"{done.provider.name} {said} {done.provider.slug}, database {done.provider.database_name}")


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """All providers."""
    with Store.open(Settings.load()) as store:
        known = store.providers()
    if as_json:
        show_json(known)
    elif not known:
        say("no provider is registered yet; `webautodash ingest` registers those that it meets")
    else:
        show_table(
            ["slug", "name", "aliases", "database", "status", "patients", "files", "conflicts", "last extraction"],
            [
                (
                    one.slug,
                    one.name,
                    one.aliases,
                    one.database_name,
                    one.status,
                    one.total_patients,
                    one.total_sessions,
                    one.total_conflicts,
                    one.last_extraction,
                )
                for one in known
            ],
        )


@app.command()
def show(provider: ProviderArgument, as_json: JsonOption = False) -> None:
    """One provider."""
    with Store.open(Settings.load()) as store:
        one = providers.resolve(store, provider)
    if as_json:
        show_json(one)
    else:
        show_fields(
            {
                "name": one.name,
                "slug": one.slug,
                "aliases": one.aliases,
                "folder": one.folder,
                "database": one.database_name,
                "status": one.status,
                "date order": one.date_order,
                "patients": one.total_patients,
                "extractions": one.total_extractions,
                "files": one.total_sessions,
                "conflicts": one.total_conflicts,
                "last extraction": one.last_extraction,
                "registered": one.created_at,
            }
        )


@app.command(epilog="Example: webautodash provider alias gary_wang 'Wang, Gary MD'")
def alias(
    provider: ProviderArgument,
    name: Annotated[str, typer.Argument(metavar="ALIAS", help="Another name, or another folder.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Say that another name, or another folder below Results, is this provider's too."""
    with Store.open(Settings.load()) as store:
        owner = providers.add_alias(store, provider, name)
    if as_json:
        show_json(owner)
    else:
        say(f"{owner.slug} is also known as {', '.join(owner.aliases) or owner.name}")


@app.command(epilog="Example: webautodash provider adopt webautodash_gary_wang --name 'Gary Wang'")
def adopt(
    ctx: typer.Context,
    database: Annotated[str, typer.Argument(metavar="DATABASE", help="Its name on the server.", show_default=False)],
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Whose it is, as the files name them; by default what is known."),
    ] = None,
    date_order: DateOrderOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and what is in the way.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, on a terminal either.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take over a database that the earlier scripts made. Every row is kept, and the old tables under another name.

    Stopped anywhere, the same command goes on. While it runs nothing else may write to the database.
    """
    settings = Settings.load()
    with Store(settings, schema=True) as store:
        adoption.require_adoptable(store, database)
    if dry_run or (not yes and sys.stdin.isatty()):
        with Store(settings, schema=True) as store:
            found = adoption.survey(store, database, name, date_order)
        if dry_run and as_json:
            show_json(found)
        elif dry_run or not as_json:
            _show_survey(found)
        # Nobody is asked about what cannot be done.
        end_with(found.problems)
        if dry_run:
            return
        if not typer.confirm(f"Take {database} over as {found.name}'s?", err=True):
            complain("nothing was touched")
            raise typer.Exit(PROBLEMS)
    with Store.prepare(settings, schema=True) as store, _listening(ctx.obj) as on_rows:
        done = adoption.adopt(store, database, name, date_order, on_rows)
    if as_json:
        show_json(done)
    else:
        _show_adoption(done)


@contextmanager
def _listening(said: Verbosity) -> Iterator[adoption.OnRows]:
    """A moving line on a terminal."""
    if not said.shows_progress:
        yield unheard
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True, refresh_per_second=4) as bar:
        task = bar.add_task("putting the tables aside", total=None)
        yield lambda done, of: bar.update(task, description=f"{done:,} of {of:,} rows", completed=done, total=of)


def _show_survey(found: adoption.Survey) -> None:
    state = ""
    if found.done:
        state = ", adopted already"
    elif found.begun:
        state = "; an adoption was begun and is to be finished"
    say(f"{found.database} is {found.name}'s ({found.provider}){state}")
    show_table(["table", "rows", "kept aside as"], [(one.table, one.before, one.kept_as) for one in found.tables])
    if found.without_rows:
        say(f"to be flagged: {found.without_rows} extractions with a checksum and no clinical rows")
    _show_notes(found.notes)


def _show_adoption(done: adoption.Adoption) -> None:
    said = "was adopted already:" if done.already else "adopted as"
    say(f"{done.database} {said} {done.name} ({done.provider})")
    show_table(
        ["table", "rows before", "rows after", "kept aside as"],
        [(one.table, one.before, one.after, one.kept_as) for one in done.tables],
    )
    for reason, number in done.flagged.items():
        say(f"flagged: {number} extractions: {reason}")
    _show_notes(done.notes)


def _show_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        say(f"note: {note}")
