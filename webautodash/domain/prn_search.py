"""Searches for PRNs in texts that must not contain patient data."""

import re
from enum import IntEnum, auto

SHORTEST_PRN = 4
"""A shorter PRN cannot be distinguished from any other number or word."""
# The parts of a file name are joined by "_".
_WORD = re.compile(r"[^\W_]+")


class PrnMatch(IntEnum):
    """What was found; a higher value is worse."""

    NUMBER = auto()
    """Digits that are a PRN but may be any other number."""
    PRN = auto()


class PrnSearch:
    """Searches for many PRNs in one pass over a text."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        # PRNs of several words, or with a punctuation mark at an end, by their first word.
        self._longer: dict[str, list[str]] = {}
        self.too_short = 0
        """The number of PRNs that are too short to search for."""

    def __len__(self) -> int:
        return len(self._words) + sum(map(len, self._longer.values()))

    def add(self, prn: str) -> None:
        """Search for this PRN too."""
        first = _WORD.search(prn)
        if first is None or len(prn) < SHORTEST_PRN:
            self.too_short += 1
        elif first[0] == prn:
            self._words.add(prn)
        else:
            self._longer.setdefault(first[0], []).append(prn)

    def find(self, text: str) -> PrnMatch | None:
        """The worst match in a text, or None."""
        worst = None
        for word in _WORD.finditer(text):
            if word[0] in self._words:
                worst = max(worst or PrnMatch.NUMBER, PrnMatch.NUMBER if word[0].isdecimal() else PrnMatch.PRN)
            for prn in self._longer.get(word[0], ()):
                begin = word.start() - prn.index(word[0])
                end = begin + len(prn)
                if (
                    begin >= 0
                    and text.startswith(prn, begin)
                    and not (prn[-1].isalnum() and text[end : end + 1].isalnum())
                ):
                    worst = PrnMatch.PRN
        return worst
