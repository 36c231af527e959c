"""Providers' names as hypothesis draws them: real names, look-alikes, and hostile ones."""

import random
import unicodedata

from hypothesis import strategies as st

_PEOPLE = st.sampled_from(
    [
        *("Gary Wang", "José Núñez", "O'Neil Pat", "Søren Kierkegaard", "Иван Петров", "李小龙", "عمر خيام"),
        *("Anna Kem", "Weiß"),
    ]
)
_HOSTILE = st.sampled_from(
    [
        *("../../etc", "..\\..\\etc\\passwd", "/etc/passwd", "CON", "nul", "COM1.txt", "System", "sYsTeM"),
        *("ｓｙｓｔｅｍ", "a\x00b", "`; DROP DATABASE x; --", "x' OR '1'='1", '"quoted"', "a`b", "%s %(name)s {0}"),
        *("\u202egnaW yraG", "Gary\u200bWang", "😀 Clinic", "x" * 300, "é" * 255, "_" * 40, ".", "", " ", "-rf"),
        *("\ud800", "mysql", "information_schema", "provider_0123abcd"),
    ]
)
_ANY = st.text(st.characters(), max_size=20) | st.text("abcXYZ 019'’`\"-._/\\%éÉñü", min_size=1, max_size=45)
_TWINS = str.maketrans("aeopcxyAEOPCTXBHKM", "аеорсхуАЕОРСТХВНКМ")


def _first_twin(name: str) -> str:
    place = next((place for place, sign in enumerate(name) if ord(sign) in _TWINS), None)
    return name if place is None else name[:place] + name[place].translate(_TWINS) + name[place + 1 :]


_TWISTS = st.sampled_from(
    [
        str.upper,
        str.casefold,
        str.swapcase,
        str.title,
        _first_twin,
        lambda name: name.translate(_TWINS),
        lambda name: unicodedata.normalize("NFD", name),
        lambda name: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name),
        lambda name: name.replace(" ", "_"),
        lambda name: name.replace(" ", ""),
        lambda name: name.replace("é", "e").replace("ñ", "n"),
        lambda name: f" {name}\u3000",
        lambda name: f"{name}.",
        lambda name: f"Dr {name}",
        lambda name: name[::-1],
    ]
)

NAMES = _PEOPLE | _HOSTILE | _ANY

# Few words, so that two names often begin or end alike: an account's name is cut after 19 characters, a slug after 40.
# A slug has no letters of other scripts.
_WORDS = [
    *("Gary", "Wang", "Wong", "José", "Josef", "Núñez", "Søren", "Soeren", "O'Neil", "Weiß", "Weiss", "Anna"),
    *("Anne", "Иван", "Петров", "李", "小龙", "小虎", "عمر"),
]
_WORDS += ["Clinic", "System", "Provider", "0123abcd", "Con", "MD", "2", "02", "x" * 17]
_BETWEEN = [" ", " ", " ", "-", "_", ". "]

NEAR_NAMES = st.builds(str.join, st.sampled_from(_BETWEEN), st.lists(st.sampled_from(_WORDS), min_size=1, max_size=6))
"""Names of which nearly all may be registered, and of which two are seldom the same."""


def near_names(number: int) -> set[str]:
    """A number of such names, the same each time."""
    chance = random.Random(number)  # noqa: S311  # no secret
    names: set[str] = set()
    while len(names) < number:
        names.add(chance.choice(_BETWEEN).join(chance.choices(_WORDS, k=chance.randint(1, 6))))
    return names


@st.composite
def names_alike(draw: st.DrawFn) -> tuple[str, str]:
    """Two names; the second is often another spelling of the first."""
    name = draw(NAMES)
    return name, draw(_TWISTS)(name) if draw(st.booleans()) else draw(NAMES)
