"""``webautodash incomplete``: patients whom the robot has to extract again."""

import typer

from webautodash.cli.options import AnyProviderArgument, JsonOption, LimitOption
from webautodash.cli.terminal.listing import show_listing
from webautodash.config import Settings
from webautodash.services.review import incomplete
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = {
    "provider": "provider",
    "PRN": "prn",
    "medication": "target_medication",
    "from": "start_date",
    "to": "end_date",
    "failures": "failures",
    "first": "first_failed_at",
    "last": "last_failed_at",
    "file": "path",
    "set aside": "set_aside_id",
}


@app.command(epilog="Example: webautodash incomplete gary_wang --json")
def patients(provider: AnyProviderArgument = None, limit: LimitOption = 10_000, as_json: JsonOption = False) -> None:
    """Patients whose extraction failed and who have to be extracted again, with the criteria to use.

    A later complete extraction with the same PRN and criteria removes an entry, and so does set-aside accept.
    """
    with Store.open(Settings.load()) as store:
        found = incomplete.search(store, provider, limit=limit)
    show_listing(found, _COLUMNS, "no extraction has to be repeated", as_json=as_json)
