"""How much is said on stderr, the same options on every command."""

import logging
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from webautodash.cli.terminal.json_lines import JsonLines, trace_of
from webautodash.cli.terminal.streams import printable

# SQLAlchemy logs by the module of a pool's class, which here is one of ours.
_POOLS = "webautodash.database"


class LogFormat(StrEnum):
    """How the log is written on stderr."""

    TEXT = "text"
    JSON = "json"


@dataclass(slots=True)
class Verbosity:
    """What the caller wants to hear; the context object of every command."""

    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    log_format: LogFormat = LogFormat.TEXT

    @property
    def level(self) -> int | None:
        """What of the log is shown, that and above; None for nothing."""
        if self.debug or self.verbose:
            return logging.DEBUG if self.debug else logging.INFO
        if self.log_format is LogFormat.JSON:
            return logging.WARNING if self.quiet else logging.INFO
        return None

    @property
    def shows_progress(self) -> bool:
        """Whether a moving line on stderr is of any use: on a terminal that shows no log."""
        return sys.stderr.isatty() and self.level is None and not self.quiet


def _set(context: typer.Context, parameter: typer.CallbackParam, value: bool | LogFormat | None) -> None:
    # What is not given here may have been given at the root.
    if value:
        setattr(context.obj, str(parameter.name).lstrip("_"), value)
        listen(context.obj)


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
LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option(
        "--log-format",
        callback=_set,
        expose_value=False,
        # What is wrong with other options is said so too.
        is_eager=True,
        help="json: the log, and all else on stderr, as JSON lines.",
    ),
]
NAMES = frozenset({"_quiet", "_verbose", "_debug", "_log_format"})


class _OneLine(logging.Formatter):
    """A line of the log: a file's name in it can neither begin another line nor command the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        return "\n".join(trace_of(ei))


class _Others(logging.Handler):
    """What libraries log: of their texts, which may quote statements and values, nothing; with --debug where from."""

    def __init__(self, ours: logging.Handler | None = None) -> None:
        super().__init__()
        self._ours = ours

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on without its text."""
        if self._ours is None:
            return
        kind = record.exc_info[0] if record.exc_info else None
        text = f"{record.filename}, line {record.lineno}{f': {kind.__name__}' if kind else ''}"
        said = {name: getattr(record, name) for name in ("name", "levelno", "levelname", "created")}
        self._ours.handle(logging.makeLogRecord({**said, "msg": text}))


def listen(said: Verbosity) -> None:
    """Put the log where it is wanted; what nobody wants is dropped."""
    # Without any handler logging would print warnings itself.
    logger = logging.getLogger("webautodash")
    handler: logging.Handler = logging.NullHandler()
    if said.log_format is LogFormat.JSON:
        handler = JsonLines()
    elif said.level is not None:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_OneLine("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logger.handlers[:] = [handler]
    logger.setLevel(logging.ERROR if said.level is None else said.level)
    logger.propagate = False
    others = _Others(handler if said.debug else None)
    root, pools = logging.getLogger(), logging.getLogger(_POOLS)
    for each in (root, pools):
        each.handlers[:] = [*(kept for kept in each.handlers if not isinstance(kept, _Others)), others]
    pools.setLevel(logging.WARNING)
    pools.propagate = False
    logging.captureWarnings(True)
