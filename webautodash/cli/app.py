"""The root command: its options, and the commands, each loaded when it is called."""

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from webautodash import __version__
from webautodash.cli.exit_status import exit_status
from webautodash.cli.terminal import verbosity
from webautodash.cli.terminal.verbosity import DebugOption, LogFormatOption, QuietOption, VerboseOption, Verbosity


@dataclass(frozen=True, slots=True)
class _Command:
    module: str
    summary: str


_COMMANDS = {
    "setup": _Command("setup", "From nothing to a working store: check, create, register, ingest."),
    "ingest": _Command("ingest", "Store extraction files; what is stored already is left alone."),
    "monitor": _Command("monitor", "Keep storing new files as they come, for months."),
    "status": _Command("status", "What is going on: monitors, files, providers, the last day."),
    "file": _Command("file", "Files that wait, were rejected or are held: list, retry, forget."),
    "root": _Command("root", "The Results folders that belong to the store: list, add, move, remove."),
    "session": _Command("session", "Ingested files: list, show, correct a wrong time."),
    "provider": _Command("provider", "The registry: register, adopt, list, show, alias."),
    "patient": _Command("patient", "Read patients: list, show, history."),
    "conflict": _Command("conflict", "Review recorded differences: list, show, resolve."),
    "set-aside": _Command("set_aside", "Patients that were not taken in: list, show, retry, accept, review-stored."),
    "incomplete": _Command("incomplete", "Patients whose extraction failed and has to be repeated."),
    "stats": _Command("stats", "How much there is, of one provider or of all."),
    "alert": _Command("alert", "Test, list, send and retry alerts."),
    "log": _Command("log", "The system log, filtered, as it grows; prune deletes what is old."),
    "metrics": _Command("metrics", "Figures for Prometheus: as text, into a file, over HTTP."),
    "migrate": _Command("migrate", "Database schemas: up, resume, history, current, sql, check, down."),
    "config": _Command("config", "The settings as they count, and where each comes from: show."),
    "doctor": _Command("doctor", "Is everything right? Each problem with its cure."),
    "verify": _Command("verify", "Are the rows what they were? Each that is not by table and id."),
    "demo-data": _Command("demo_data", "Extraction files of people who do not exist, to try the program with."),
}


class _Commands(TyperGroup):
    """Knows its commands by name and summary; loads one only to run it or to show its own help."""

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        known = _COMMANDS.get(cmd_name)
        return known and TyperCommand(cmd_name, help=known.summary, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = _COMMANDS.get(args[0])
        if known is None:
            return super().resolve_command(ctx, args)
        command: Any = typer.main.get_command(import_module(f"webautodash.cli.{known.module}").app)
        command.help = command.help or known.summary
        shared = [parameter for parameter in self.params if parameter.name in verbosity.NAMES]
        for each in (command, *getattr(command, "commands", {}).values()):
            # A group that only leads on to its commands takes none.
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
    """Extraction files of EHR portals, ingested once into one database per provider; every difference recorded."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main() -> None:
    """Run the command line and end the process with its status."""
    said = Verbosity()
    verbosity.listen(said)
    sys.exit(exit_status(lambda: _run(said), said))


def _run(said: Verbosity) -> object:
    return typer.main.get_command(app).main(prog_name="webautodash", standalone_mode=False, obj=said)
