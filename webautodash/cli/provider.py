"""``webautodash provider``: the registry."""

from typing import Annotated

import typer

from webautodash.cli.options import JsonOption, ProviderArgument
from webautodash.cli.output import say, show_fields, show_json, show_table
from webautodash.config import Settings
from webautodash.domain.dates import DateOrder
from webautodash.services import providers
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The registry of providers.")


@app.command(epilog="Example: webautodash provider register 'Gary Wang'")
def register(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As the files name the provider.", show_default=False)],
    date_order: Annotated[
        DateOrder | None,
        typer.Option(
            "--date-order", help="How this provider's portal writes dates with slashes; mdy where nothing is said."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Register a provider and make the database that is theirs. Safe to repeat."""
    with Store.prepare(Settings.load()) as store:
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
