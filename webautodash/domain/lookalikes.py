"""Names that look alike although their letters differ, by Unicode's table of confusable characters (TR39).

"Gаry Wang" with U+0430 looks like "Gary Wang": in a list of providers, nobody could tell one from the other.
"""

import unicodedata
from difflib import SequenceMatcher
from functools import cache, lru_cache

from webautodash.domain.naming import letters, letters_key, same_name_key

_MOST_SHOWN = 3


def look_alike(name: str, other: str) -> bool:
    """Whether one name can be taken for the other, in upper case, in lower case or as written.

    Different ASCII letters that look alike, such as rn and m, do not count: such names are common.
    """
    return not lookalike_keys(name).isdisjoint(lookalike_keys(other))


def reads_like(name: str, other: str) -> bool:
    """Whether two names have the same letters and digits or look alike, so that they may be the same provider."""
    return letters_key(name) == letters_key(other) or look_alike(name, other)


@lru_cache(maxsize=1 << 14)
def lookalike_keys(name: str) -> frozenset[str]:
    """The shapes of a name in upper case, in lower case and as written. Names that share a shape look alike."""
    small = same_name_key(name)
    return frozenset({_shape(letters(small)), _shape(letters(small.upper())), _shape(letters(name))})


def character_differences(name: str, other: str) -> str:
    """The characters in which two names differ, with code points; empty if only the case differs."""
    mine, others = (unicodedata.normalize("NFC", " ".join(each.split())) for each in (name, other))
    # Case folded one by one, so that positions are those in the name.
    steps = SequenceMatcher(None, [c.casefold() for c in mine], [c.casefold() for c in others], autojunk=False)
    parts = [
        f"character {begin + 1} is {_described(mine[begin:end])}, where the other has {_described(others[first:last])}"
        for kind, begin, end, first, last in steps.get_opcodes()
        if kind != "equal"
    ]
    return "; ".join(parts[:_MOST_SHOWN]) + (" and so on" if len(parts) > _MOST_SHOWN else "")


def _described(characters: str) -> str:
    named = [f"U+{ord(c):04X} {unicodedata.name(c, 'without a name')}" for c in characters[:_MOST_SHOWN]]
    return ", ".join(named) + (" and so on" if len(characters) > _MOST_SHOWN else "") if named else "nothing"


def _shape(text: str) -> str:
    return unicodedata.normalize("NFD", "".join(map(_prototype, unicodedata.normalize("NFD", text))))


@cache
def _prototype(character: str) -> str:
    """The representative of all characters that look alike."""
    group = _group(character)
    # The table maps each character to its representative, and the representative to all others.
    prototype = max(group, key=lambda each: (len(_group(each)), each == character, each.isascii(), each))
    if len(prototype) > 1:
        plain = [each for each in _group(prototype) if len(each) == 1 and each.isascii()]
        return min(plain, default=prototype)
    return prototype


def _group(character: str) -> frozenset[str]:
    from confusable_homoglyphs import confusables  # a megabyte; only registrations need it

    found = confusables.is_confusable(character, greedy=True)
    # The library checks each character of a text; the representative of "m" has two characters.
    alike = found[0]["homoglyphs"] if found and len(character) == 1 else confusables.confusables_data.get(character, [])
    return frozenset({character, *(each["c"] for each in alike)})
