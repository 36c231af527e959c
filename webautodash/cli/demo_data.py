"""``webautodash demo-data``."""

from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.advice import command
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.client.demo_data import DemoPlan, write_demo_data
from webautodash.domain.wording import counted

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: webautodash demo-data demo --rounds 2; webautodash ingest demo")
def demo_data(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write to.", show_default=False)],
    patients: Annotated[
        int, typer.Option("--patients", metavar="N", help="Number of patients over all providers.")
    ] = 100,
    providers: Annotated[int, typer.Option("--providers", metavar="N", help="Number of providers.")] = 2,
    files: Annotated[int, typer.Option("--files", metavar="N", help="Files per provider and round.")] = 1,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", help="Extractions of the same patients.")] = 1,
    changed: Annotated[
        float, typer.Option("--changed", metavar="SHARE", help="Share of patients that change in a later round.")
    ] = 0.1,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", help="Seed of the random numbers; a different seed gives different patients."
        ),
    ] = 1,
    compact: Annotated[bool, typer.Option("--compact", help="Write each patient on one line.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write extraction files of fictitious patients. The same options give the same bytes."""
    plan = DemoPlan(patients, providers, files, rounds, changed, seed, None if compact else 2)
    written = write_demo_data(folder, plan)
    if as_json:
        show_json({"files": [str(path) for path in written]})
    else:
        print_line(f"{counted(len(written), 'file')} in {folder}; next: {command('ingest', str(folder))}")
