"""Parses ICD-10-CM codes from the text of a diagnosis."""

import re

# ICD-10-CM has no such categories; texts use them for a vitamin and for vertebrae.
_NO_CATEGORIES = frozenset({"B12", "T10", "T11", "T12"})

_BRACKET = re.compile(r"\(([^()\[\]]*+)\)|\[([^()\[\]]*+)\]")
_ITEM = re.compile(
    r"(?P<prefix>ICD[- ]?10(?:[- ]?CM)?(?: codes?)?(?: ?[:#=])? ?)?"
    r"(?P<code>[A-Z][0-9][0-9AB](?P<detail>\.[0-9A-Z]{1,4})?)(?![0-9A-Z.])"
    r"|(?:ICD[- ]?9(?:[- ]?CM)?|SNOMED(?:[- ]?CT)?|SCT)(?: codes?)?(?: ?[:#=])? ?[EV]?[0-9]{2,18}(?:\.[0-9]{1,2})?",
    re.ASCII | re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?: ?(?:[,;/&|+]|and |or ))+ ?| ", re.IGNORECASE)
# What may follow a bracket with a bare category: the end, a punctuation mark, another bracket, another diagnosis.
_CLOSED_OFF = re.compile(r"\s*+(?:\Z|[^\w\s]|(?:and|with)\b)", re.IGNORECASE)


def read_icd10(text: str) -> tuple[str, ...]:
    """The ICD-10-CM codes in round or square brackets in a diagnosis: upper case, in order, without repeats.

    "Gout (M10.079)" gives M10.079, "Diabetes with hypertension (ICD-10: E11.9, I10)" gives both. A bracket counts
    only if it contains nothing but codes, separated by a space, a punctuation mark or "and", with or without the name
    of the code system; codes that are labelled ICD-9 or SNOMED CT are skipped. Words, SNOMED CT numbers, "(H1N1)" and
    ranges such as "(I20-I25)" give nothing.

    A category alone (I10) can be an abbreviation. It counts if the bracket says ICD-10 or also contains a code with a
    point, or if the bracket follows the wording: before the end of the text, a punctuation mark, another bracket,
    "and" or "with". "Vitamin (B12) deficiency" gives nothing, and B12 never counts.

    Only the shape is checked, not the catalogue; a code without its point (E119) is not read. Never raises; takes
    linear time.
    """
    found: dict[str, None] = {}
    for bracket in _BRACKET.finditer(text):
        codes, certain = _codes_only(" ".join((bracket[1] or bracket[2] or "").split()))
        if certain or _CLOSED_OFF.match(text, bracket.end()) is not None:
            found.update(dict.fromkeys(codes))
    return tuple(found)


def _codes_only(inside: str) -> tuple[list[str], bool]:
    """The codes if there is nothing else inside, and whether they can only be codes."""
    codes: list[str] = []
    certain, position = False, 0
    while (item := _ITEM.match(inside, position)) is not None:
        if (code := item["code"]) is not None:
            codes.append(code.upper())
            certain = certain or item["detail"] is not None or item["prefix"] is not None
        if item.end() == len(inside):
            return (codes, True) if certain else ([c for c in codes if c not in _NO_CATEGORIES], False)
        if (between := _BETWEEN.match(inside, item.end())) is None:
            break
        position = between.end()
    return [], False
