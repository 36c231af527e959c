"""Safe writing to stdout and stderr: neither an unencodable character nor a closed pipe ends the command."""

import os
from typing import TextIO


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
