"""The system log as it grows, on stdout."""

import sys
import time
from typing import NoReturn

from webautodash.cli.terminal.output import complain, show_json_line
from webautodash.cli.terminal.streamed_table import Columns
from webautodash.errors import WebAutoDashError
from webautodash.services.system_log.entries import LogEntry
from webautodash.services.system_log.tail import Following

_PAUSE_SECONDS = 1.0


def follow(log: Following, limit: int, *, as_json: bool) -> NoReturn:
    """Print what there is, and what comes, until Ctrl-C. That the log cannot be read is said once, and waited out."""
    # As wide as most are: a time, a level, the names of parts and events.
    columns = Columns(id=6, time=20, level=8, component=10, event=21, provider=16, message=0)

    def show(entries: list[LogEntry]) -> None:
        if as_json:
            for one in entries:
                show_json_line(one)
        else:
            columns.show(
                [
                    (one.id, one.created_at, one.level, one.component, one.event, one.provider, one.message)
                    for one in entries
                ]
            )

    show(log.begin(limit))
    said: str | None = None
    while True:
        sys.stdout.flush()
        time.sleep(_PAUSE_SECONDS)
        try:
            entries = log.news()
        except WebAutoDashError as error:
            if str(error) != said:
                said = str(error)
                complain(f"{said}; waiting for it")
            continue
        said = None
        show(entries)
