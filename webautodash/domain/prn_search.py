"""Whether a text that must hold nothing of a patient holds a PRN."""

import re
from enum import IntEnum, auto

SHORTEST_PRN = 4
"""Characters that a PRN needs to be told from any other number or word."""


# A file's name joins its parts by "_".
_WORD = re.compile(r"[^\W_]+")


class PrnMatch(IntEnum):
    """What was found, the worse the higher."""

    NUMBER = auto()
    """Digits that are a PRN, and may be any other number."""
    PRN = auto()


class PrnSearch:
    """Many PRNs, looked for in one go over a text."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        # Those of several words, or with signs at an end, by their first word.
        self._longer: dict[str, list[str]] = {}
        self.too_short = 0
        """How many were added that are too short to be looked for."""

    def __len__(self) -> int:
        return len(self._words) + sum(map(len, self._longer.values()))

    def add(self, prn: str) -> None:
        """Look for this one too."""
        first = _WORD.search(prn)
        if first is None or len(prn) < SHORTEST_PRN:
            self.too_short += 1
        elif first[0] == prn:
            self._words.add(prn)
        else:
            self._longer.setdefault(first[0], []).append(prn)

    def find(self, text: str) -> PrnMatch | None:
        """The worst that a text holds; None for nothing."""
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
