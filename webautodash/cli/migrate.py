"""``webautodash migrate``: the schemas of all databases."""

import typer

from webautodash.cli.failures import end_with
from webautodash.cli.options import JsonOption, OnlyProviderOption
from webautodash.cli.output import say, show_json, show_table
from webautodash.config import Settings
from webautodash.services import fleet
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The schemas of all databases.")


@app.command()
def up(provider: OnlyProviderOption = None, as_json: JsonOption = False) -> None:
    """Bring every database to this version's schema, the system database first; one that fails stops no other."""
    with Store.attach(Settings.load()) as store:
        results = fleet.upgrade_all(store, provider)
    if as_json:
        show_json(results)
    elif any(one.done for one in results):
        show_table(
            ["database", "before", "after"],
            [(one.database, one.before or "empty", one.after) for one in results if one.done],
        )
    elif not any(one.error for one in results):
        say(f"{len(results)} {'database' if len(results) == 1 else 'databases'}, all at head; nothing to do")
    end_with(f"{one.database}: {one.error}" for one in results if one.error)


@app.command()
def current(provider: OnlyProviderOption = None, as_json: JsonOption = False) -> None:
    """Which revision each database is at."""
    with Store.attach(Settings.load()) as store:
        found = fleet.overview(store, provider)
    if as_json:
        show_json(found)
    else:
        show_table(
            ["database", "provider", "revision", "head", "state"],
            [(one.database, one.provider, one.revision, one.head, one.state) for one in found],
        )
    end_with(f"{one.database} is {one.state}" for one in found if one.state is not fleet.Standing.AT_HEAD)


@app.command()
def check(provider: OnlyProviderOption = None, as_json: JsonOption = False) -> None:
    """Whether each database's tables are what this version expects."""
    with Store.attach(Settings.load()) as store:
        reports = fleet.check_all(store, provider)
    if as_json:
        show_json(reports)
    else:
        for one in reports:
            if not one.differences and not one.error:
                say(f"{one.database}: no drift")
    end_with(
        [f"{one.database}: {one.error}" for one in reports if one.error]
        + [f"{one.database}: {difference}" for one in reports for difference in one.differences]
    )
