"""``webautodash config``: the settings."""

import typer

from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import show
from webautodash.cli.terminal.tables import show_items
from webautodash.config import Settings
from webautodash.config.effective_settings import effective_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = {"setting": "name", "value": "value", "from": "source"}


# A group although it has one command: the command's name is required.
@app.callback()
def _config() -> None:
    """Show the settings and their sources."""


@app.command("show", epilog="Example: webautodash config show --json")
def show_(as_json: JsonOption = False) -> None:
    """Show each setting's effective value and source. Secrets are masked."""
    show(effective_settings(Settings.load()), lambda found: show_items(_COLUMNS, found), as_json=as_json)
