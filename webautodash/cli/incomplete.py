"""``webautodash incomplete``."""

import typer

from webautodash.cli.options import AnyProviderArgument, JsonOption, LimitOption
from webautodash.cli.terminal.results import show_listing
from webautodash.client import WebAutoDash

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
    """List patients whose extraction failed and must be repeated, with the criteria to use.

    An entry disappears with a later complete extraction of the same PRN and criteria, and with set-aside accept.
    """
    with WebAutoDash() as webautodash:
        found = webautodash.incomplete(provider, limit=limit)
    show_listing(found, _COLUMNS, "no extraction must be repeated", as_json=as_json)
