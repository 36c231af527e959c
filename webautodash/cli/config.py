"""``webautodash config``: the settings."""

import typer

from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import show_json, show_table
from webautodash.config import Settings
from webautodash.config.effective_settings import effective_settings

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The settings.")


@app.callback()
def _config() -> None:
    """The settings."""


@app.command()
def show(as_json: JsonOption = False) -> None:
    """Each setting as it counts, and where it comes from. No secret is shown."""
    found = effective_settings(Settings.load())
    if as_json:
        show_json(found)
    else:
        show_table(["setting", "value", "from"], [(one.name, one.value, one.source) for one in found])
