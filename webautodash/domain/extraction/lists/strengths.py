"""Parses the strength of a medication from its name, for sources without a field for it."""

import re
from functools import cache

LONGEST_STRENGTH = 255

_NUMBER = r"(?:[0-9]{1,9}+(?:[.,][0-9]{1,9}+){0,4}+|\.[0-9]{1,9}+)"
_NUMBERS = rf"{_NUMBER}(?:(?:[-‐‑–/]|\ to\ ){_NUMBER}){{0,4}}+"  # 5-325, 0.12/0.015
_UNIT = r"""(?:
    %
  | (?:
        milligrams? | micrograms? | mgs? | mcgs? | [uµμ]g | ng | kg | grams? | gms? | g | grains?
      | (?:international\ |usp\ |intl\ )?units? | iu | unt | u(?!-[0-9]) | \[(?:iu|usp'u|arb'u)\]
      | bau | pfu | cfu | cells? | meq | mmol | mosm | mci | kbq | mbq | gbq
    ) (?!\w)
)"""
_PER = r"""(?:
    ml | dl | l(?!-) | liters? | actuat(?:ions?)? | act | inh(?:alations?)? | puffs? | sprays? | doses?
  | h | hrs? | hours? | days? | weeks? | min | tab(?:let)?s? | cap(?:sule)?s? | grams? | gm | g | mg | mcg | kg
  | units? | vials? | drops? | patch | packets? | pkt | blist(?:er)?s? | sq\.?\ ?cm | cm2 | tsp | teaspoons? | bag
  | syringe | pen | application | scoop | ampules? | implant | insert | lozenge | each | ea
) (?!\w)"""
_QUANTITY = rf"""{_NUMBERS} (?:\ (?:thousand|million|billion))? [-\ ]? {_UNIT} (?:-{_UNIT}){{0,3}}+
    (?: (?:\ ?/\ ?|\ per\ ) (?:{_NUMBER}[-\ ]?)?{_PER} )?"""
# The text between two strengths of a combination: "/ Hydrocodone Bitartrate ", "-timolol ", " and ". A comma is
# part of an ingredient's name only behind "/" ("/ insulin, regular, human "); elsewhere directions begin there.
_NEXT_INGREDIENT = re.compile(
    r" ?/.*| ?[+&][^,;:]*|[-‐‑–] ?[A-Za-z][^,;:]*| (?:and|with) [^,;:]*", re.IGNORECASE | re.DOTALL
)
_BRACKETS = re.compile(r"\[(?:iu|usp'u|arb'u)\]|[()\[\]]", re.IGNORECASE)
_NEEDLE = re.compile(r"\b(?:lancet|needle)s?\b|\bg ?x ?[0-9]", re.IGNORECASE)
_GAUGE = re.compile(r"[0-9]{2}[- ]?g", re.IGNORECASE)


@cache
def _strengths() -> re.Pattern[str]:
    # Compiled on first use: it takes 15 ms, and most commands read no medication.
    return re.compile(
        rf"""(?<![\w.\#]) (?<![0-9][,/-])               # not inside a word, a number or a row of numbers
        {_QUANTITY} (?: (?:\ ?[-‐‑–/+]\ ?|\ or\ |\ to\ ) {_QUANTITY} ){{0,9}}+""",
        re.VERBOSE | re.IGNORECASE,
    )


def read_strength(medication_name: str) -> str | None:
    """The strength in a medication's name as it is written, with white space collapsed; None if there is none.

    "lisinopril 10 MG Oral Tablet" gives "10 MG", "hydrocodone-acetaminophen 5-325 mg" gives "5-325 mg". A strength is
    an amount of substance, alone or in a volume, a dose or a time ("150 MG/ML", "0.09 MG/ACTUAT", "25 mcg/hr").

    - The strengths of a combination's ingredients are joined with " / " in the name's order: "Acetaminophen 325 MG /
      Hydrocodone Bitartrate 7.5 MG Oral Tablet" gives "325 MG / 7.5 MG".
    - Not a strength: a volume ("0.3 ML Epinephrine ..."), a number of puffs, a duration ("24 HR ..."), the gauge of a
      needle, a number without a unit ("Advair 250/50", "Tylenol #3"), a ratio ("1:1,000").
    - A second amount that does not belong to another ingredient is left out (the weight of a tube, a dose to take).
    - Brackets contain a pack or an equivalent: "100 unit/mL (3 mL)" gives "100 unit/mL". They are only used if there is
      no strength outside and all brackets agree: a pack of tablets of different strengths has no single strength.

    A strength of more than 255 characters gives None. Never raises; takes linear time.
    """
    outside, inside = _apart(medication_name)
    found = _joined(outside) or None
    if found is None:
        # Tablets without a drug in a pack also have an amount: "(inert ingredients 1 MG Oral Tablet)".
        drugs = (part for part in inside if not part.lower().startswith("inert "))
        in_brackets = {strength for part in drugs if (strength := _joined(part))}
        found = in_brackets.pop() if len(in_brackets) == 1 else None
    return found if found is not None and len(found) <= LONGEST_STRENGTH else None


def _joined(text: str) -> str:
    """The first strength and those of further ingredients; empty if there is none."""
    strengths: list[str] = []
    needle = _NEEDLE.search(text) is not None
    end = 0
    for match in _strengths().finditer(text):
        if strengths and _NEXT_INGREDIENT.fullmatch(text, end, match.start()) is None:
            break
        if needle and _GAUGE.fullmatch(match[0]) is not None:
            continue
        strengths.append(match[0])
        end = match.end()
    return " / ".join(strengths)


def _apart(text: str) -> tuple[str, list[str]]:
    """The text outside all brackets, and the text inside each outermost bracket; white space collapsed."""
    outside: list[str] = []
    inside: list[list[str]] = []
    depth = start = 0
    for bracket in _BRACKETS.finditer(text):
        if len(bracket[0]) > 1:  # [iU] is a unit
            continue
        (inside[-1] if depth else outside).append(text[start : bracket.start()])
        start = bracket.end()
        if bracket[0] in "([":
            if depth == 0:
                inside.append([])
            depth += 1
        else:
            depth = max(depth - 1, 0)
    (inside[-1] if depth else outside).append(text[start:])
    return _collapsed(outside), [_collapsed(part) for part in inside]


def _collapsed(pieces: list[str]) -> str:
    return " ".join(" ".join(pieces).split())
