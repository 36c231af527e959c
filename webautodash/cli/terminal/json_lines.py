"""What goes to stderr as JSON lines, for whoever collects it: the log, and what a command itself says there."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from traceback import format_tb
from typing import Any

from webautodash.cli.terminal.streams import unheard

_ROOT = "webautodash"


class JsonLines(logging.Handler):
    """Writes each record as one object on a line of stderr; where nobody can take it, the work goes on."""

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
            # In ASCII: no encoding of stderr changes it, and nothing in it commands a terminal.
            sys.stderr.write(json.dumps(line) + "\n")
            sys.stderr.flush()
        except OSError:
            unheard(sys.stderr)


def said_as_json(text: str, level: int, trace: Sequence[str] = ()) -> bool:
    """Say something among the lines of the log; False where stderr has none, and it is for the caller to say."""
    for handler in logging.getLogger(_ROOT).handlers:
        if isinstance(handler, JsonLines):
            said = {"name": f"{_ROOT}.command", "levelno": level, "levelname": logging.getLevelName(level)}
            handler.handle(logging.makeLogRecord({**said, "msg": text, "trace": trace}))
            return True
    return False


def _trace(record: logging.LogRecord) -> list[str]:
    """Where an error came from, and not its text, which may quote a value."""
    lines = list(getattr(record, "trace", ()))
    if record.exc_info and record.exc_info[0] is not None:
        lines += trace_of(record.exc_info)
    return [line.rstrip("\n") for line in lines]


def trace_of(error: Any) -> list[str]:
    """The lines of code that an error went through, as logging holds it, and its type."""
    kind, _, trace = error
    return [*(line.rstrip("\n") for line in format_tb(trace)), kind.__name__]
