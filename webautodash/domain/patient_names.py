"""Keys by which patients are found by name: letters without case and accents, words separated by single spaces."""

import re
import unicodedata
from typing import NamedTuple

from webautodash.domain.limits import NAME_KEY_LENGTH

_ACCENTS = re.compile("[\u0300-\u036f]+")
_APOSTROPHES = str.maketrans("", "", "'`\u00b4\u02bc\u2018\u2019")
# Spaces, and punctuation of ASCII but the apostrophes; hyphens and dashes of Unicode.
_BETWEEN_WORDS = re.compile(r"[\s!-&(-/:-@\[-_{-~\u2010-\u2015]+")


class NameKeys(NamedTuple):
    """The search keys of one patient, None without a name."""

    name_key: str | None
    """First name first."""
    last_name_key: str | None
    """Last name first."""


def search_key(text: str) -> str:
    """The key of a name or of its beginning: "José O'Neil-Smith" is "jose oneil smith". Cut to its column."""
    text = text.translate(_APOSTROPHES)
    if text.isascii():
        folded = text.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", text.casefold())
        folded = unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()
    return _BETWEEN_WORDS.sub(" ", folded).strip()[:NAME_KEY_LENGTH].rstrip()


def name_keys(printed: str | None, first: str | None, last: str | None) -> NameKeys:
    """The keys of a name as the portal prints it; its parts are used where the portal states them.

    "Smith, John" and "John Smith" have the same keys. Without parts, a name without a comma ends with the last name.
    """
    before, comma, after = (printed or "").partition(",")
    if comma:
        in_order, by_last_name = f"{after} {before}", f"{before} {after}"
    else:
        *others, final = before.split() or [""]
        in_order, by_last_name = before, " ".join((final, *others))
    if not in_order.strip():
        in_order = f"{first or ''} {last or ''}"
    if last:
        by_last_name = f"{last} {first or ''}"
    return NameKeys(search_key(in_order) or None, search_key(by_last_name) or None)
