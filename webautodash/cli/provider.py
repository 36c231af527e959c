"""``webautodash provider``: the registry."""

import sys
from typing import Annotated

import typer

from webautodash.cli.advice import advice_for, command
from webautodash.cli.exit_status import PROBLEMS, exit_with_problems
from webautodash.cli.options import DryRunOption, JsonOption, ProviderArgument, YesOption
from webautodash.cli.provider_grant import grant
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show, show_json
from webautodash.cli.terminal.progress_bar import progress_line
from webautodash.cli.terminal.results import show_found
from webautodash.cli.terminal.tables import show_fields, show_items
from webautodash.client import WebAutoDash
from webautodash.client.registry import Adoption, AdoptionSurvey, OldTables, RegisteredProvider, Registration
from webautodash.domain.dates import DateOrder
from webautodash.errors import UsageError

app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.command(epilog="Example: webautodash provider grant gary_wang --into accounts")(grant)

DateOrderOption = Annotated[
    DateOrder | None,
    typer.Option("--date-order", help="Order of dates with slashes in this provider's portal; by default mdy."),
]
_COLUMNS = {
    "slug": "slug",
    "name": "name",
    "aliases": "aliases",
    "database": "database_name",
    "status": "status",
    "patients": "total_patients",
    "files": "total_sessions",
    "conflicts": "total_conflicts",
    "last extraction": "last_extraction",
}


@app.command(epilog="Example: webautodash provider register 'Gary Wang'")
def register(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name in the files.", show_default=False)],
    date_order: DateOrderOption = None,
    distinct: Annotated[
        bool,
        typer.Option("--distinct", help="Another provider than those with a similar name or the same without a title."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Register a provider and create the database. Safe to repeat."""
    with WebAutoDash() as webautodash:
        done = webautodash.registry.register(name, date_order=date_order, distinct=distinct)
    show(done, _show_registration, as_json=as_json)


@app.command("list", epilog="Example: webautodash provider list --json")
def list_(as_json: JsonOption = False) -> None:
    """List all providers."""
    with WebAutoDash() as webautodash:
        found = webautodash.registry.all()
    empty = "no provider is registered yet; `webautodash ingest` registers the providers of its files"
    show_found(found, _COLUMNS, empty, as_json=as_json)


@app.command("show", epilog="Example: webautodash provider show gary_wang")
def show_(provider: ProviderArgument, as_json: JsonOption = False) -> None:
    """Show one provider."""
    with WebAutoDash() as webautodash:
        found = webautodash.registry.find(provider)
    show(found, _show_provider, as_json=as_json)


@app.command(epilog="Example: webautodash provider alias gary_wang 'Wang, Gary MD'")
def alias(
    provider: ProviderArgument,
    name: Annotated[str, typer.Argument(metavar="ALIAS", help="Another name, or another folder.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Add another name, or another folder in Results, of a provider."""
    with WebAutoDash() as webautodash:
        found = webautodash.registry.add_alias(provider, name)
    names = ", ".join(found.aliases) or found.name
    show(found, lambda one: print_line(f"{one.slug} is also known as {names}"), as_json=as_json)


@app.command(epilog="Example: webautodash provider adopt webautodash_gary_wang --name 'Gary Wang'")
def adopt(
    ctx: typer.Context,
    database: Annotated[
        str,
        typer.Argument(
            metavar="DATABASE",
            help="Name of the database on the server; with --forget-old the provider.",
            show_default=False,
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The provider's name in the files; by default the recorded name."),
    ] = None,
    date_order: DateOrderOption = None,
    forget_old: Annotated[
        bool, typer.Option("--forget-old", help="Drop the old tables that an adopted database keeps.")
    ] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take over a database of the earlier scripts. Every row is kept, and the old tables under another name.

    After an interruption, the same command continues. No other program may write to the database meanwhile.
    """
    if forget_old:
        if name is not None or date_order is not None:
            raise UsageError("--forget-old takes neither --name nor --date-order")
        _forget_old(database, dry_run=dry_run, yes=yes, as_json=as_json)
        return
    with WebAutoDash() as webautodash:
        if dry_run or (not yes and sys.stdin.isatty()):
            found = webautodash.registry.survey_adoption(database, name, date_order)
            if dry_run and as_json:
                show_json(found)
            elif dry_run or not as_json:
                _show_survey(found)
            exit_with_problems(found.problems, advice_for("damaged_rows", {"database": database}))
            if dry_run:
                return
            if not typer.confirm(f"Take over {database} as {found.name}'s?", err=True):
                print_notice("nothing was changed")
                raise typer.Exit(PROBLEMS)
        with progress_line(ctx.obj, "renaming the old tables", 4) as update:
            done = webautodash.registry.adopt(
                database, name, date_order, on_rows=lambda done, of: update(f"{done:,} of {of:,} rows", done, of)
            )
    show(done, _show_adoption, as_json=as_json)


def _forget_old(provider: str, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    with WebAutoDash() as webautodash:
        found = webautodash.registry.find_old_tables(provider)
        if dry_run or not found.tables:
            show(found, _show_old_tables, as_json=as_json)
            return
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError(f"{found.database}: dropping the old tables needs confirmation; pass --yes")
            _show_old_tables(found)
            if not typer.confirm(f"Drop these tables in {found.database}? This cannot be undone.", err=True):
                print_notice("nothing was changed")
                raise typer.Exit(PROBLEMS)
        done = webautodash.registry.forget_old_tables(provider)
    show(done, lambda one: print_line(f"{one.database}: {len(one.tables)} old tables dropped"), as_json=as_json)


def _show_old_tables(found: OldTables) -> None:
    if not found.tables:
        print_line(f"{found.database} has no old tables")
        return
    show_items({"old table": "kept_as", "rows": "before"}, found.tables)


def _show_registration(done: Registration) -> None:
    verb = "registered as" if done.created else "already registered as"
    print_line(f"{done.provider.name}: {verb} {done.provider.slug}, database {done.provider.database_name}")


def _show_provider(found: RegisteredProvider) -> None:
    show_fields(
        {
            "name": found.name,
            "slug": found.slug,
            "aliases": found.aliases,
            "folder": found.folder,
            "database": found.database_name,
            "status": found.status,
            "date order": found.date_order,
            "patients": found.total_patients,
            "extractions": found.total_extractions,
            "files": found.total_sessions,
            "conflicts": found.total_conflicts,
            "last extraction": found.last_extraction,
            "registered": found.created_at,
        }
    )


def _show_survey(found: AdoptionSurvey) -> None:
    state = ""
    if found.done:
        state = ", already adopted"
    elif found.begun:
        state = "; an interrupted adoption will be continued"
    print_line(f"{found.database} is {found.name}'s ({found.provider}){state}")
    show_items({"table": "table", "rows": "before", "kept as": "kept_as"}, found.tables)
    for reason, number in found.flagged.items():
        print_line(f"to be flagged: {number} extractions: {reason}")
    _show_notes(found)


def _show_adoption(done: Adoption) -> None:
    verb = "was already adopted as" if done.already else "adopted as"
    print_line(f"{done.database} {verb} {done.name} ({done.provider})")
    show_items({"table": "table", "rows before": "before", "rows after": "after", "kept as": "kept_as"}, done.tables)
    for reason, number in done.flagged.items():
        print_line(f"flagged: {number} extractions: {reason}")
    _show_notes(done)


def _show_notes(of: AdoptionSurvey | Adoption) -> None:
    for note in of.notes:
        print_line(f"note: {note}")
    if of.needs_alias is not None:
        print_line(f"to ingest more files from that folder: {command('provider alias', of.provider, of.needs_alias)}")
