"""``webautodash provider grant``: accounts that reach one database each."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.exit_status import end_with
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import say, show_json
from webautodash.config import Settings
from webautodash.services.registry import accounts


def grant(
    provider: Annotated[
        list[str] | None, typer.Argument(metavar="[PROVIDER]...", help="Slug, name or alias.", show_default=False)
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every provider, the system database, migrations.")] = False,
    system: Annotated[bool, typer.Option("--system", help="The account of the system database.")] = False,
    migrations: Annotated[bool, typer.Option("--migrations", help="The account that changes tables.")] = False,
    rotate: Annotated[bool, typer.Option("--rotate", help="Give those that are there another password.")] = False,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="HOST", help="From where they may connect; by default as the one that asks."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="FOLDER",
            help="Keep the passwords there, a file each for you alone; by default WEBAUTODASH_ACCOUNTS_DIR.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make accounts on the server that reach one database each, and its rows alone. Safe to repeat.

    The account of WEBAUTODASH_DATABASE_URL or WEBAUTODASH_DB_USER makes them and has to be allowed to. A password is
    shown this once, unless a folder keeps it.
    """
    done: list[accounts.GrantedAccount] = []

    def tell(one: accounts.GrantedAccount) -> None:
        done.append(one)
        if not as_json:
            _show(one)

    try:
        accounts.grant(
            Settings.load(),
            provider or (),
            everyone=everyone,
            system=system,
            migrations=migrations,
            rotate=rotate,
            host=host,
            folder=into,
            on_granted=tell,
        )
    finally:
        # After an error too: the server has these passwords, and nobody else does.
        if as_json and done:
            show_json(done)
    end_with(
        f"{one.account}: its password is not known here; `webautodash provider grant --rotate {one.asked_by}` gives it "
        f"another"
        for one in done
        if one.password_is_unknown
    )


def _show(one: accounts.GrantedAccount) -> None:
    rights = ", ".join(one.rights) or "no rights"
    say(f"{one.account}@{one.host}: {one.state}; {rights} in {', '.join(one.databases)}")
    if one.file is not None:
        say(f"  its password is in {one.file}")
    elif one.password is not None:
        say(f"  its password, shown this once: {one.password}")
    # Heard, or known not to be, before another account gets a password.
    sys.stdout.flush()
