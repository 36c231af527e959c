"""The log and notices on stderr: as text, or as JSON lines for log collectors."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from traceback import format_tb
from typing import Any

from webautodash.cli.terminal.output import discard_output, printable, write_line

_ROOT = "webautodash"
# SQLAlchemy names a pool's logger after the module of its class, which is ours.
_POOLS = "webautodash.database"


def print_notice(text: str, level: int = logging.WARNING, trace: Sequence[str] = ()) -> None:
    """Print a line on stderr, as a JSON line where the log has that format; a broken stderr does not stop the work."""
    # An empty text ends the line of a prompt; it is no line of a log.
    if text and _emit_as_json_line(text, level, trace):
        return
    try:
        sys.stderr.writelines(trace)
        write_line(sys.stderr, printable(text))
    except OSError:
        discard_output(sys.stderr)


class _OneLineFormatter(logging.Formatter):
    """Keeps each record on one line: a file's name can neither forge a line nor send escape sequences."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        return "\n".join(_format_trace(ei))


class _LibraryHandler(logging.Handler):
    """Drops other libraries' records, whose texts may quote values; with --debug it shows where they came from."""

    def __init__(self, target: logging.Handler | None = None) -> None:
        super().__init__()
        self._target = target

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on without its text."""
        if self._target is None:
            return
        kind = record.exc_info[0] if record.exc_info else None
        text = f"{record.filename}, line {record.lineno}{f': {kind.__name__}' if kind else ''}"
        fields = {name: getattr(record, name) for name in ("name", "levelno", "levelname", "created")}
        self._target.handle(logging.makeLogRecord({**fields, "msg": text}))


def configure_logging(level: int | None, *, as_json: bool, debug: bool) -> None:
    """Show the log from this level on, or none of it; ``debug`` shows the origin of other libraries' records too."""
    # Without any handler, logging would print warnings itself.
    handler: logging.Handler = logging.NullHandler()
    if as_json:
        handler = JsonLinesHandler()
    elif level is not None:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_OneLineFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logger = logging.getLogger(_ROOT)
    logger.handlers[:] = [handler]
    logger.setLevel(logging.ERROR if level is None else level)
    logger.propagate = False
    library_handler = _LibraryHandler(handler if debug else None)
    root, pools = logging.getLogger(), logging.getLogger(_POOLS)
    for each in (root, pools):
        each.handlers[:] = [*(kept for kept in each.handlers if not isinstance(kept, _LibraryHandler)), library_handler]
    pools.setLevel(logging.WARNING)
    pools.propagate = False
    logging.captureWarnings(True)


class JsonLinesHandler(logging.Handler):
    """Writes each record as one JSON object on a line of stderr; a broken stderr does not stop the work."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "component": record.name.removeprefix(f"{_ROOT}."),
            "event": getattr(record, "event", None),
            "provider": getattr(record, "provider", None),
            "message": record.getMessage(),
        }
        if trace := _trace(record):
            line["trace"] = trace
        try:
            # ASCII: independent of stderr's encoding, and without escape sequences.
            sys.stderr.write(json.dumps(line) + "\n")
            sys.stderr.flush()
        except OSError:
            discard_output(sys.stderr)


def _emit_as_json_line(text: str, level: int, trace: Sequence[str] = ()) -> bool:
    """Write a message among the JSON lines; return False if stderr has none."""
    for handler in logging.getLogger(_ROOT).handlers:
        if isinstance(handler, JsonLinesHandler):
            fields = {"name": f"{_ROOT}.command", "levelno": level, "levelname": logging.getLevelName(level)}
            handler.handle(logging.makeLogRecord({**fields, "msg": text, "trace": trace}))
            return True
    return False


def _format_trace(exc_info: Any) -> list[str]:
    """The stack and the exception's type, without its text, which may quote a value."""
    kind, _, trace = exc_info
    return [*(line.rstrip("\n") for line in format_tb(trace)), kind.__name__]


def _trace(record: logging.LogRecord) -> list[str]:
    lines = list(getattr(record, "trace", ()))
    if record.exc_info and record.exc_info[0] is not None:
        lines += _format_trace(record.exc_info)
    return [line.rstrip("\n") for line in lines]
