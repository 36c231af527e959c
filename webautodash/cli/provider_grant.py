"""``webautodash provider grant``: an account for each database."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.advice import unknown_password_advice
from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import JsonOption
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.client import WebAutoDash
from webautodash.client.registry import GrantedAccount, GrantRequest


def grant(
    provider: Annotated[
        list[str] | None, typer.Argument(metavar="PROVIDER", help="Slug, name or alias.", show_default=False)
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Create the accounts of every provider, the system database and migrations.")
    ] = False,
    system: Annotated[bool, typer.Option("--system", help="Create the account of the system database.")] = False,
    migrations: Annotated[bool, typer.Option("--migrations", help="Create the account that changes tables.")] = False,
    rotate: Annotated[bool, typer.Option("--rotate", help="Set a new password for existing accounts.")] = False,
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="HOST",
            help="Host that the accounts may connect from; by default that of the connected account.",
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            metavar="FOLDER",
            help="Write each password to a private file in this folder; by default WEBAUTODASH_ACCOUNTS_DIR.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create accounts that reach the rows of one database each. Safe to repeat.

    The account of WEBAUTODASH_DATABASE_URL or WEBAUTODASH_DB_USER creates them and needs the right to do so. A password
    that is not written to a folder is shown this once.
    """
    done: list[GrantedAccount] = []

    def on_granted(account: GrantedAccount) -> None:
        done.append(account)
        if not as_json:
            _show(account)

    try:
        request = GrantRequest(provider or (), everyone, system, migrations, rotate, host, into)
        WebAutoDash().registry.grant(request, on_granted=on_granted)
    finally:
        # Also after an error: the server has these passwords, and nobody else does.
        if as_json and done:
            show_json(done)
    exit_with_problems(
        f"{account.account}: its password is unknown; {unknown_password_advice(account.asked_by)}"
        for account in done
        if account.password_is_unknown
    )


def _show(account: GrantedAccount) -> None:
    rights = ", ".join(account.rights) or "no rights"
    print_line(f"{account.account}@{account.host}: {account.state}; {rights} in {', '.join(account.databases)}")
    if account.file is not None:
        print_line(f"  password in {account.file}")
    elif account.password is not None:
        print_line(f"  password, shown this once: {account.password}")
    # Written, or failed, before another account gets a password.
    sys.stdout.flush()
