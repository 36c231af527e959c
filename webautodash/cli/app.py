"""The root command: its options, and the commands, each imported when it is called."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from webautodash import __version__
from webautodash.cli.exit_status import exit_status
from webautodash.cli.terminal import verbosity
from webautodash.cli.terminal.verbosity import DebugOption, LogFormatOption, QuietOption, VerboseOption, Verbosity

# A command has the name of its module.
_COMMANDS = {
    "setup": "Create the databases, register providers, ingest.",
    "ingest": "Ingest extraction files, each once.",
    "monitor": "Ingest new files continuously.",
    "status": "Show monitors, files, providers and the last 24 hours.",
    "file": "List, retry, accept and forget files that are not stored.",
    "root": "List, add, move and remove the Results folders of the store.",
    "session": "List and show ingested files, correct a wrong time.",
    "profile": "List, show, test and draft profiles of other portals.",
    "provider": "Register, adopt, list and show providers.",
    "patient": "List and show patients and their history.",
    "conflict": "List, show and resolve recorded differences.",
    "set-aside": "List, show, retry and accept patients that were set aside.",
    "incomplete": "List patients whose extraction must be repeated.",
    "coverage": "Tell whether what a search would extract is stored.",
    "stats": "Count what is stored.",
    "alert": "Test, list, send and retry alerts.",
    "log": "Show, follow and prune the system log.",
    "metrics": "Export figures for Prometheus.",
    "migrate": "Migrate the schemas of all databases.",
    "config": "Show the settings and their sources.",
    "doctor": "Check the installation and suggest fixes.",
    "verify": "Check that stored rows are unchanged.",
    "demo-data": "Write extraction files of fictitious patients.",
}


class _Commands(TyperGroup):
    """Lists its commands by name and summary; imports one only to run it or to show its help."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        summary = _COMMANDS.get(cmd_name)
        return summary and TyperCommand(cmd_name, help=summary, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in _COMMANDS:
            return super().resolve_command(ctx, args)
        command: Any = typer.main.get_command(import_module(f"webautodash.cli.{args[0].replace('-', '_')}").app)
        command.help = command.help or _COMMANDS[args[0]]
        shared = [parameter for parameter in self.params if parameter.name in verbosity.NAMES]
        for each in (command, *getattr(command, "commands", {}).values()):
            # Not for a group that cannot be called without one of its commands.
            if getattr(each, "invoke_without_command", True):
                each.params.extend(shared)
        return args[0], command, args[1:]


app = typer.Typer(
    cls=_Commands,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Exit status: 0 done; 1 done with problems; 2 wrong use or configuration; 3 database out of reach; "
    "130 interrupted.",
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"webautodash {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    _quiet: QuietOption = False,
    _verbose: VerboseOption = False,
    _debug: DebugOption = False,
    _log_format: LogFormatOption = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Store extraction files of EHR portals, one database per provider, with every difference recorded for review."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main() -> None:
    """Run the command line and end the process with its exit status."""
    options = Verbosity()
    options.apply()
    sys.exit(exit_status(lambda: _run(options), options))


def _run(options: Verbosity) -> object:
    return typer.main.get_command(app).main(prog_name="webautodash", standalone_mode=False, obj=options)
