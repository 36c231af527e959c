"""Writing on stdout and stderr so that neither a letter nor a reader who has left ends the command."""

import os
from typing import TextIO


def write_line(stream: TextIO, text: str) -> None:
    """A line; a terminal that cannot show a letter shows another one."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def printable(text: str) -> str:
    """The text on one line and without what would command a terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def unheard(stream: TextIO) -> None:
    """Write to nowhere from now on: the flush at the interpreter's end would fail once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
