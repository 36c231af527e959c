"""Lines for a person: results on stdout, problems and notices on stderr."""

import logging
import sys
from collections.abc import Sequence

from webautodash.cli.terminal.json_lines import emit_as_json_line
from webautodash.cli.terminal.streams import discard_output, printable, write_line


def print_line(text: str) -> None:
    """Print a line on stdout."""
    write_line(sys.stdout, printable(text))


def print_notice(text: str, level: int = logging.WARNING, trace: Sequence[str] = ()) -> None:
    """Print a line on stderr, as a JSON line where the log has that format; a broken stderr does not stop the work."""
    # An empty text ends the line of a prompt; it is no line of a log.
    if text and emit_as_json_line(text, level, trace):
        return
    try:
        sys.stderr.writelines(trace)
        write_line(sys.stderr, printable(text))
    except OSError:
        discard_output(sys.stderr)
