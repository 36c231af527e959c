"""Search of log files for PRNs: any kind of path, and lines of any length."""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from webautodash.domain.limits import PRN_LENGTH
from webautodash.domain.prn_search import PrnMatch, PrnSearch

PIECE = 1 << 16
"""Characters of a line that are searched at once."""
_GZIP = b"\x1f\x8b"


class UnreadableLog(Exception):
    """A log that cannot be searched; the text is the reason."""


def found_in(log: Path, search: PrnSearch) -> Iterator[tuple[int, PrnMatch]]:
    """The numbers of lines that contain a PRN, from 1. Raises UnreadableLog, possibly after some lines."""
    try:
        with _opened(log) as lines:
            last = 0
            for number, text in pieces(lines):
                if "\0" in text:
                    raise UnreadableLog("is not text and was not searched; unpack it first")
                if number != last and (found := search.find(text)) is not None:
                    last = number
                    yield number, found
    except (OSError, EOFError, zlib.error) as refused:
        reason = getattr(refused, "strerror", None) or "it is damaged"
        raise UnreadableLog(f"cannot be read ({reason})") from None


def pieces(lines: IO[str]) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers; a long line in overlapping pieces.

    No word that is short enough to be a PRN is cut.
    """
    number, rest = 1, ""
    while read := lines.readline(PIECE):
        text = rest + read
        if read.endswith("\n"):
            yield number, text
            number, rest = number + 1, ""
            continue
        end = _before_a_word(text, len(text))
        yield number, text[:end]
        begin = _before_a_word(text, max(0, end - PRN_LENGTH))
        # A longer rest is a single word, and not a PRN.
        rest = text[max(begin, len(text) - PIECE) :]
    if rest:
        yield number, rest


def _before_a_word(text: str, place: int) -> int:
    """The position itself, or the beginning of the word that contains it."""
    while place and text[place - 1].isalnum():
        place -= 1
    return place


def _opened(log: Path) -> IO[str]:
    """Open a log, also a compressed one. Raises UnreadableLog for anything but a regular file."""
    # O_NONBLOCK: opening a fifo must not wait for a writer.
    handle = os.open(log, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnreadableLog("is not a file and was not searched")
        is_packed = os.read(handle, len(_GZIP)) == _GZIP
    finally:
        os.close(handle)
    opened = gzip.open if is_packed else open
    return cast(IO[str], opened(log, "rt", encoding="utf-8", errors="replace"))
