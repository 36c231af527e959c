"""``webautodash root``: the Results folders of the store."""

from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.options import FolderArgument, JsonOption
from webautodash.cli.terminal.output import print_line, show
from webautodash.cli.terminal.results import show_found
from webautodash.client import WebAutoDash

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the root.", show_default=False)]
_COLUMNS = {"name": "name", "folder": "folder", "recorded on": "host", "since": "created_at"}


@app.command("list", epilog="Example: webautodash root list --json")
def list_(as_json: JsonOption = False) -> None:
    """List the roots and their folders. The first folder with ingested files is the root `default`."""
    with WebAutoDash() as webautodash:
        found = webautodash.roots.all()
    empty = "no root is recorded yet; the first `webautodash ingest` or `monitor` records its Results folder"
    show_found(found, _COLUMNS, empty, as_json=as_json)


@app.command(epilog="Examples: webautodash root add clinic_b /data/b; webautodash root add default /mnt/share/Results")
def add(
    name: _NameArgument,
    folder: FolderArgument = None,
    same_path: Annotated[
        bool,
        typer.Option("--same-path", help="Another machine has a different folder at a path that a root has already."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a Results folder, or another path of a root's folder.

    A folder has another path on another machine, for example. Safe to repeat.
    """
    with WebAutoDash() as webautodash:
        done = webautodash.roots.add(name, folder, same_path=same_path)
    show(done, lambda root: print_line(f"{root.folder} is a folder of the root {root.name}"), as_json=as_json)


@app.command(epilog="Example: webautodash root move default /data/Results")
def move(
    name: _NameArgument,
    folder: FolderArgument = None,
    before: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="The old folder, if the root has several.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a root's folder has moved to another path. Its stored files are still recognized."""
    with WebAutoDash() as webautodash:
        done = webautodash.roots.move(name, folder, before)
    show(done, lambda root: print_line(f"the root {root.name} is now at {root.folder}"), as_json=as_json)


@app.command(epilog="Example: webautodash root remove clinic_b /srv/clinic_b")
def remove(
    name: _NameArgument,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="The folder, if the root has several.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a folder from a root.

    The last folder can be removed only if no file of the root is recorded.
    """
    with WebAutoDash() as webautodash:
        done = webautodash.roots.remove(name, folder)
    show(done, lambda root: print_line(f"{root.folder} is no longer a folder of the root {root.name}"), as_json=as_json)
