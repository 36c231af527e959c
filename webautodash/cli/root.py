"""``webautodash root``: the Results folders that belong to the store."""

from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import say, show_json, show_table
from webautodash.config import Settings
from webautodash.services.registry import roots
from webautodash.services.store import Store

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="The Results folders that belong to the store: list, add, move, remove.",
)

_NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The root's name.", show_default=False)]
_FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="FOLDER", help="By default WEBAUTODASH_RESULTS_DIR.", show_default=False)
]


@app.command("list", epilog="Example: webautodash root list --json")
def list_(as_json: JsonOption = False) -> None:
    """List the roots and their folders. The first folder that files were taken from is the root `default`."""
    with Store.open(Settings.load()) as store:
        known = roots.list_roots(store)
    if as_json:
        show_json(known)
    elif not known:
        say("no root is recorded yet; the first `webautodash ingest` or `monitor` records its Results folder")
    else:
        rows = [(one.name, one.folder, one.host, one.created_at) for one in known]
        show_table(["name", "folder", "recorded on", "since"], rows)


@app.command(epilog="Examples: webautodash root add clinic_b /data/b; webautodash root add default /mnt/share/Results")
def add(
    name: _NameArgument,
    folder: _FolderArgument = None,
    same_path: Annotated[
        bool, typer.Option("--same-path", help="Another machine has another folder at the path of a root's folder.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Declare another Results folder, or another path of a root's folder, as on another machine. Safe to repeat."""
    settings = Settings.load()
    with Store.prepare(settings) as store:
        done = roots.add_root(store, name, folder or settings.results_dir, same_path=same_path)
    if as_json:
        show_json(done)
    else:
        say(f"{done.folder} is a folder of the root {done.name}")


@app.command(epilog="Example: webautodash root move default /data/Results")
def move(
    name: _NameArgument,
    folder: _FolderArgument = None,
    before: Annotated[
        Path | None, typer.Option("--from", metavar="FOLDER", help="Which one has moved, if the root has several.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a root's folder is now at another path. What is stored of its files stays known."""
    settings = Settings.load()
    with Store.prepare(settings) as store:
        done = roots.move_root(store, name, folder or settings.results_dir, before)
    if as_json:
        show_json(done)
    else:
        say(f"the root {done.name} is now at {done.folder}")


@app.command(epilog="Example: webautodash root remove clinic_b /srv/clinic_b")
def remove(
    name: _NameArgument,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Which one, if the root has several.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a folder from a root. The last one only where no file of the root is known."""
    with Store.open(Settings.load()) as store:
        done = roots.remove_root(store, name, folder)
    if as_json:
        show_json(done)
    else:
        say(f"{done.folder} is no folder of the root {done.name} any more")
