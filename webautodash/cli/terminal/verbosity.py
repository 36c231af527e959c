"""How much a command prints on stderr; every command has the same options for it."""

import logging
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from webautodash.cli.terminal.log_output import configure_logging


class LogFormat(StrEnum):
    """How the log is written on stderr."""

    TEXT = "text"
    JSON = "json"


@dataclass(slots=True)
class Verbosity:
    """The options of a call; the context object of every command."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    log_format: LogFormat = LogFormat.TEXT

    @property
    def level(self) -> int | None:
        """The lowest level of the log to show; None shows no log."""
        if self.debug or self.verbose:
            return logging.DEBUG if self.debug else logging.INFO
        if self.log_format is LogFormat.JSON:
            return logging.WARNING if self.quiet else logging.INFO
        return None

    @property
    def shows_progress(self) -> bool:
        """Whether to show a progress line: on a terminal that shows no log."""
        return sys.stderr.isatty() and self.level is None and not self.quiet

    def apply(self) -> None:
        """Set up logging accordingly."""
        configure_logging(self.level, as_json=self.log_format is LogFormat.JSON, debug=self.debug)


def _set(context: typer.Context, parameter: typer.CallbackParam, value: bool | LogFormat | None) -> None:
    # An option that is absent here may have been set before the command's name.
    if value:
        setattr(context.obj, str(parameter.name).lstrip("_"), value)
        context.obj.apply()


# Each is an option of the program and of every command. The callback keeps the value; no command gets it.
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", callback=_set, expose_value=False, help="Print problems only.")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", callback=_set, expose_value=False, help="Print the log on stderr too.")
]
DebugOption = Annotated[
    bool,
    typer.Option(
        "--debug", callback=_set, expose_value=False, help="Print the whole log and the stack of an error on stderr."
    ),
]
LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option(
        "--log-format",
        callback=_set,
        expose_value=False,
        # Before the others, so that errors about them have the format too.
        is_eager=True,
        help="json: print the log and all messages on stderr as JSON lines.",
    ),
]
NAMES = frozenset({"_quiet", "_verbose", "_debug", "_log_format"})
