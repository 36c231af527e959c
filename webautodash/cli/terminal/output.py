"""Results on stdout: lines for a person, or JSON."""

import os
import sys
from collections.abc import Callable
from typing import TextIO, TypeVar

from webautodash.domain.json_document import to_json, to_json_line

T = TypeVar("T")


def print_line(text: str) -> None:
    """Print a line on stdout."""
    write_line(sys.stdout, printable(text))


def write_line(stream: TextIO, text: str) -> None:
    """Write a line; a character that the stream's encoding lacks is replaced."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def printable(text: str) -> str:
    """Replace line breaks, control characters and everything else that is not printable."""
    return "".join(character if character.isprintable() else "�" for character in text)


def discard_output(stream: TextIO) -> None:
    """Redirect a broken stream to /dev/null: otherwise the interpreter's final flush fails again."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


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
