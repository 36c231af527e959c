"""``webautodash profile``: how files of other portals are read."""

from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import print_line, show
from webautodash.cli.terminal.results import show_found
from webautodash.cli.terminal.tables import show_fields, show_table
from webautodash.client import WebAutoDash
from webautodash.client.profiles import ProfileDetail, ProfileTrial, ReadPatient
from webautodash.domain.wording import counted

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = {"name": "name", "portal": "title", "from": "source"}
_MOST_SHOWN = 20


@app.command("list", epilog="Example: webautodash profile list --json")
def list_(as_json: JsonOption = False) -> None:
    """List the profiles in the order in which they are tried; the first that fits a file is used."""
    with WebAutoDash() as webautodash:
        found = webautodash.profiles.all()
    show_found(found, _COLUMNS, "no profiles", as_json=as_json)


@app.command("show", epilog="Example: webautodash profile show epic_mychart")
def show_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the profile.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Print the text of a profile, for example as the beginning of your own."""
    with WebAutoDash() as webautodash:
        found = webautodash.profiles.show(name)
    show(found, _print_text, as_json=as_json)


@app.command("test", epilog="Example: webautodash profile test Results/gary_wang/sample.json")
def try_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An extraction file.", show_default=False)],
    name: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="Try this profile only.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which profile fits a file, how each patient would be read, and what is left over. Nothing is written.

    Exit status 1: no profile fits, or a patient would be set aside.
    """
    with WebAutoDash() as webautodash:
        found = webautodash.profiles.test(file, name)
    show(found, _show_trial, as_json=as_json)
    exit_with_problems(_problems(found))


@app.command("new", epilog="Example: webautodash profile new --from sample.json")
def new(
    sample: Annotated[Path, typer.Option("--from", metavar="FILE", help="A file of the portal.", show_default=False)],
) -> None:
    """Print a first draft of a profile for the portal that wrote a file. Check every line of it."""
    with WebAutoDash() as webautodash:
        draft = webautodash.profiles.draft(sample)
    for line in draft.splitlines():
        print_line(line)


def _print_text(found: ProfileDetail) -> None:
    for line in found.text.splitlines():
        print_line(line)


def _show_trial(found: ProfileTrial) -> None:
    aside = sum(one.reason is not None for one in found.patients)
    show_fields(
        {
            "file": found.path,
            "profile": found.profile,
            "tried before": [f"{one.profile}: {', '.join(one.misses)}" for one in found.tried],
            "provider": found.provider_name,
            "patients": f"{len(found.patients)}, of which {aside} would be set aside" if found.profile else None,
        }
    )
    if not found.patients:
        return
    lists = list(dict.fromkeys(name for one in found.patients for name in one.items))
    print_line("")
    headings = ["position", "PRN", "outcome", *(name.replace("_", " ") for name in lists), "left over"]
    show_table(headings, [_row(one, lists) for one in found.patients[:_MOST_SHOWN]])
    if len(found.patients) > _MOST_SHOWN:
        print_line(f"first {_MOST_SHOWN} of {len(found.patients):,}; to see all: --json")


def _row(one: ReadPatient, lists: list[str]) -> list[object]:
    outcome = "read" if one.reason is None else f"set aside: {one.reason}, {one.detail}"
    return [one.position, one.prn, outcome, *(one.items.get(name) for name in lists), one.left_over]


def _problems(found: ProfileTrial) -> list[str]:
    if found.profile is None:
        return [f"{found.kind}: {found.reason}"]
    aside = sum(one.reason is not None for one in found.patients)
    return [f"{counted(aside, 'patient')} would be set aside"] if aside else []
