"""The log on stderr: as text or JSON lines, without the texts of other libraries."""

import logging
import sys
from typing import Any

from webautodash.cli.terminal.json_lines import JsonLinesHandler, format_trace
from webautodash.cli.terminal.streams import printable

# SQLAlchemy names a pool's logger after the module of its class, which is ours.
_POOLS = "webautodash.database"


class _OneLineFormatter(logging.Formatter):
    """Keeps each record on one line: a file's name can neither forge a line nor send escape sequences."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's name
        return "\n".join(format_trace(ei))


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
    logger = logging.getLogger("webautodash")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.ERROR if level is None else level)
    logger.propagate = False
    library_handler = _LibraryHandler(handler if debug else None)
    root, pools = logging.getLogger(), logging.getLogger(_POOLS)
    for each in (root, pools):
        each.handlers[:] = [
            *(kept for kept in each.handlers if not isinstance(kept, _LibraryHandler)),
            library_handler,
        ]
    pools.setLevel(logging.WARNING)
    pools.propagate = False
    logging.captureWarnings(True)
