"""JSON on stdout: the one document of a command with --json, or a document on each line."""

import sys
from collections.abc import Callable
from typing import TypeVar

from webautodash.domain.json_document import to_json, to_json_line

T = TypeVar("T")


def show_json(result: object) -> None:
    """Print one document, in UTF-8 whatever the terminal's encoding."""
    _write(to_json(result))


def show_json_line(result: object) -> None:
    """Print one of many documents on a line."""
    _write(to_json_line(result))


def show(result: T, show_text: Callable[[T], None], *, as_json: bool) -> None:
    """Print a result as JSON, or as text for a person."""
    if as_json:
        show_json(result)
    else:
        show_text(result)


def _write(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.buffer.flush()
