"""JSON lines on stderr for log collectors: the log and the messages of the command."""

import json
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from traceback import format_tb
from typing import Any

from webautodash.cli.terminal.streams import discard_output

_ROOT = "webautodash"


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


def emit_as_json_line(text: str, level: int, trace: Sequence[str] = ()) -> bool:
    """Write a message among the JSON lines; return False if stderr has none."""
    for handler in logging.getLogger(_ROOT).handlers:
        if isinstance(handler, JsonLinesHandler):
            fields = {"name": f"{_ROOT}.command", "levelno": level, "levelname": logging.getLevelName(level)}
            handler.handle(logging.makeLogRecord({**fields, "msg": text, "trace": trace}))
            return True
    return False


def format_trace(exc_info: Any) -> list[str]:
    """The stack and the exception's type, without its text, which may quote a value."""
    kind, _, trace = exc_info
    return [*(line.rstrip("\n") for line in format_tb(trace)), kind.__name__]


def _trace(record: logging.LogRecord) -> list[str]:
    lines = list(getattr(record, "trace", ()))
    if record.exc_info and record.exc_info[0] is not None:
        lines += format_trace(record.exc_info)
    return [line.rstrip("\n") for line in lines]
