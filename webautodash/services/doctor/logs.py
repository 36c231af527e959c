"""Log files, looked through for PRNs: whatever a path leads to, and however long its lines are."""

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
"""Characters of a line that are looked through in one go."""
_GZIP = b"\x1f\x8b"


class UnreadableLog(Exception):
    """A log that cannot be looked through; the text says why."""


def found_in(log: Path, search: PrnSearch) -> Iterator[tuple[int, PrnMatch]]:
    """The lines in which a PRN stands, by number from 1. Raises UnreadableLog, maybe behind some of them."""
    try:
        with _opened(log) as lines:
            last = 0
            for number, text in pieces(lines):
                if "\0" in text:
                    raise UnreadableLog("is no text, and was not searched: give it unpacked")
                if number != last and (found := search.find(text)) is not None:
                    last = number
                    yield number, found
    except (OSError, EOFError, zlib.error) as refused:
        reason = getattr(refused, "strerror", None) or "it is damaged"
        raise UnreadableLog(f"cannot be read ({reason})") from None


def pieces(lines: IO[str]) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers; a long one in pieces, each beginning with the end of the one before.

    No word of a length that a PRN may have is cut.
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
        # What is longer is one word, and no PRN.
        rest = text[max(begin, len(text) - PIECE) :]
    if rest:
        yield number, rest


def _before_a_word(text: str, place: int) -> int:
    """The place, or where the word begins in which it is."""
    while place and text[place - 1].isalnum():
        place -= 1
    return place


def _opened(log: Path) -> IO[str]:
    """A log, or one that was compressed as it was put away. Raises UnreadableLog for what is no file."""
    # O_NONBLOCK: opening a fifo must not wait for a writer.
    handle = os.open(log, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnreadableLog("is no file, and was not searched")
        is_packed = os.read(handle, len(_GZIP)) == _GZIP
    finally:
        os.close(handle)
    opened = gzip.open if is_packed else open
    return cast(IO[str], opened(log, "rt", encoding="utf-8", errors="replace"))
