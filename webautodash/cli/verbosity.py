"""How much is said on stderr, the same options on every command."""

import logging
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from webautodash.cli.output import printable


@dataclass(slots=True)
class Verbosity:
    """What the caller wants to hear; the context object of every command."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    @property
    def shows_progress(self) -> bool:
        """Whether a moving line on stderr is of any use: on a terminal that shows no log."""
        return sys.stderr.isatty() and not (self.quiet or self.verbose or self.debug)


def _set(context: typer.Context, parameter: typer.CallbackParam, value: bool) -> None:
    if value:
        setattr(context.obj, str(parameter.name).lstrip("_"), True)
        _listen(context.obj)


# Each stands at the root and on every command; the callback keeps the value, no command takes it as an argument.
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", callback=_set, expose_value=False, help="No progress, no summary: problems only."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", callback=_set, expose_value=False, help="The log on stderr too.")
]
DebugOption = Annotated[
    bool,
    typer.Option("--debug", callback=_set, expose_value=False, help="Everything logged, and where an error came from."),
]
NAMES = frozenset({"_quiet", "_verbose", "_debug"})


class _OneLine(logging.Formatter):
    """A line of the log: a file's name in it can neither begin another line nor command the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return printable(super().formatMessage(record))


def _listen(said: Verbosity) -> None:
    level = logging.DEBUG if said.debug else logging.INFO if said.verbose else logging.ERROR
    # Only this package's own loggers: a driver's would print statements with their values.
    logger = logging.getLogger("webautodash")
    # One that drops everything, where nothing is to be heard: without any, logging prints errors itself.
    handler: logging.Handler = logging.NullHandler()
    if said.debug or said.verbose:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_OneLine("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
