"""``webautodash demo-data``."""

from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import say, show_json
from webautodash.domain.wording import counted
from webautodash.errors.commands import command
from webautodash.services.demo.demo_data import DemoPlan, write_demo_data

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: webautodash demo-data demo --rounds 2; webautodash ingest demo")
def demo_data(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.", show_default=False)],
    patients: Annotated[int, typer.Option("--patients", help="How many, over all providers.")] = 100,
    providers: Annotated[int, typer.Option("--providers", help="How many providers.")] = 2,
    files: Annotated[int, typer.Option("--files", help="Files a provider and round.")] = 1,
    rounds: Annotated[int, typer.Option("--rounds", help="Extractions of the same patients.")] = 1,
    changed: Annotated[float, typer.Option("--changed", help="Share of patients that a later round changes.")] = 0.1,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other people.")] = 1,
    compact: Annotated[bool, typer.Option("--compact", help="One line a patient.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write extraction files of people who do not exist, to try the program with. The same options, the same bytes."""
    plan = DemoPlan(patients, providers, files, rounds, changed, seed, None if compact else 2)
    written = write_demo_data(folder, plan)
    if as_json:
        show_json({"files": [str(path) for path in written]})
    else:
        say(f"{counted(len(written), 'file')} in {folder}: {command('ingest', str(folder))}")
