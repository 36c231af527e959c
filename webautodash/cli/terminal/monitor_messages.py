"""Messages of a monitor that runs for months: a problem that lasts is printed once."""

import logging
from collections import Counter
from datetime import UTC, datetime

from webautodash.cli.hints import explain_file
from webautodash.cli.terminal.file_reports import SUCCESSES
from webautodash.cli.terminal.messages import print_notice
from webautodash.client.ingest import FileOutcome, FileResult
from webautodash.domain.file_state_transitions import RETRIED_RESULTS


class MonitorMessages:
    """Prints problems of files as they occur, and a summary of each pass."""

    def __init__(self) -> None:
        self._reported: dict[str, str | None] = {}
        self._files: Counter[FileResult] = Counter()
        self._patients = 0

    def file(self, outcome: FileOutcome) -> None:
        """Print a line on stderr for a file with a new problem."""
        self._files[outcome.state] += 1
        if outcome.state is not FileResult.ALREADY_INGESTED:
            self._patients += outcome.found
        if outcome.state not in RETRIED_RESULTS:
            self._reported.pop(outcome.path, None)
            if outcome.state not in SUCCESSES:
                print_notice(explain_file(outcome))
        elif self._reported.get(outcome.path) != outcome.reason:
            self._reported[outcome.path] = outcome.reason
            print_notice(f"{explain_file(outcome)}; it is retried with growing pauses")

    def pass_ended(self) -> None:
        """Print a line on stderr that counts the files since the last one."""
        counts = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in self._files.items())
        if self._files.keys() - RETRIED_RESULTS:
            at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            print_notice(f"{at} files: {counts}; {self._patients:,} patients", logging.INFO)
        self._files.clear()
        self._patients = 0
