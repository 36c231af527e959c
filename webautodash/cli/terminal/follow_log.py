"""The system log as it grows, on stdout."""

import sys
import time
from typing import TYPE_CHECKING, NoReturn

from webautodash.cli.hints import explain
from webautodash.cli.terminal.json_output import show_json_line
from webautodash.cli.terminal.messages import print_notice
from webautodash.cli.terminal.streamed_table import StreamedTable
from webautodash.errors import WebAutoDashError

if TYPE_CHECKING:
    from webautodash.client.log import LogEntry, LogTail

_PAUSE_SECONDS = 1.0


def follow(log: "LogTail", limit: int, *, as_json: bool) -> NoReturn:
    """Print the latest entries and then new ones, until Ctrl-C. An unreadable log is reported once and retried."""
    # The usual width of each column.
    table = StreamedTable(id=6, time=20, level=8, component=10, event=21, provider=16, message=0)

    def show(entries: "list[LogEntry]") -> None:
        if as_json:
            for one in entries:
                show_json_line(one)
        else:
            table.show(
                [
                    (one.id, one.created_at, one.level, one.component, one.event, one.provider, one.message)
                    for one in entries
                ]
            )

    show(log.begin(limit))
    reported: str | None = None
    while True:
        sys.stdout.flush()
        time.sleep(_PAUSE_SECONDS)
        try:
            entries = log.news()
        except WebAutoDashError as error:
            if str(error) != reported:
                reported = str(error)
                print_notice(f"{explain(error)}; trying again")
            continue
        reported = None
        show(entries)
