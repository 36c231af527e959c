"""Names that look alike though their letters are others: Unicode's table of confusable characters (TR39).

"Gаry Wang" with U+0430 looks like "Gary Wang". Nobody who reads a list of providers could tell whose database is whose.
"""

import unicodedata
from difflib import SequenceMatcher
from functools import cache, lru_cache

from webautodash.domain.naming import letters, letters_key, same_name_key

_MOST_TOLD = 3


def look_alike(name: str, other: str) -> bool:
    """Whether somebody may take one name for the other; in capitals, in small letters or as they are written.

    What is written in other ASCII letters altogether (m for rn) is not meant: people are called so.
    """
    return not lookalike_keys(name).isdisjoint(lookalike_keys(other))


def reads_like(name: str, other: str) -> bool:
    """Whether two names have the same letters and digits, or look alike: they may be one provider's."""
    return letters_key(name) == letters_key(other) or look_alike(name, other)


@lru_cache(maxsize=1 << 14)
def lookalike_keys(name: str) -> frozenset[str]:
    """What a name looks like, in the three ways. Names with one of them in common look alike."""
    small = same_name_key(name)
    return frozenset({_drawn(letters(small)), _drawn(letters(small.upper())), _drawn(letters(name))})


def character_differences(name: str, other: str) -> str:
    """The characters in which a name differs from another, with their code points; empty where it is case alone."""
    mine, others = (unicodedata.normalize("NFC", " ".join(each.split())) for each in (name, other))
    # One character each, so that a place is one of the name as it was given.
    steps = SequenceMatcher(None, [c.casefold() for c in mine], [c.casefold() for c in others], autojunk=False)
    told = [
        f"character {begin + 1} is {_told(mine[begin:end])}, where the other has {_told(others[first:last])}"
        for kind, begin, end, first, last in steps.get_opcodes()
        if kind != "equal"
    ]
    return "; ".join(told[:_MOST_TOLD]) + (" and so on" if len(told) > _MOST_TOLD else "")


def _told(characters: str) -> str:
    named = [f"U+{ord(c):04X} {unicodedata.name(c, 'without a name')}" for c in characters[:_MOST_TOLD]]
    return ", ".join(named) + (" and so on" if len(characters) > _MOST_TOLD else "") if named else "nothing"


def _drawn(text: str) -> str:
    return unicodedata.normalize("NFD", "".join(map(_prototype, unicodedata.normalize("NFD", text))))


@cache
def _prototype(character: str) -> str:
    """What stands for all that look like a character."""
    group = _group(character)
    # The table has for each character the one that stands for it, and for that one all the others.
    prototype = max(group, key=lambda each: (len(_group(each)), each == character, each.isascii(), each))
    if len(prototype) > 1:
        plain = [each for each in _group(prototype) if len(each) == 1 and each.isascii()]
        return min(plain, default=prototype)
    return prototype


def _group(character: str) -> frozenset[str]:
    from confusable_homoglyphs import confusables  # a megabyte, which only a registration needs

    found = confusables.is_confusable(character, greedy=True)
    # It looks at each character of a text by itself; what stands for "m" is two.
    alike = found[0]["homoglyphs"] if found and len(character) == 1 else confusables.confusables_data.get(character, [])
    return frozenset({character, *(each["c"] for each in alike)})
