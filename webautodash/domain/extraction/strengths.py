"""The strength of a medication out of its name, for sources that give no strength of its own."""

import re

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
_STRENGTH = re.compile(
    rf"""(?<![\w.\#]) (?<![0-9][,/-])               # not inside a word, a number or a row of numbers
    {_QUANTITY} (?: (?:\ ?[-‐‑–/+]\ ?|\ or\ |\ to\ ) {_QUANTITY} ){{0,9}}+""",
    re.VERBOSE | re.IGNORECASE,
)

# What stands between two strengths of a combination: "/ Hydrocodone Bitartrate ", "-timolol ", " and ". A comma is
# part of an ingredient's name only behind "/" ("/ insulin, regular, human "); elsewhere directions begin there.
_NEXT_INGREDIENT = re.compile(
    r" ?/.*| ?[+&][^,;:]*|[-‐‑–] ?[A-Za-z][^,;:]*| (?:and|with) [^,;:]*", re.IGNORECASE | re.DOTALL
)
_BRACKETS = re.compile(r"\[(?:iu|usp'u|arb'u)\]|[()\[\]]", re.IGNORECASE)
_NEEDLE = re.compile(r"\b(?:lancet|needle)s?\b|\bg ?x ?[0-9]", re.IGNORECASE)
_GAUGE = re.compile(r"[0-9]{2}[- ]?g", re.IGNORECASE)


def read_strength(medication_name: str) -> str | None:
    """The strength in a medication's name as it is written there, white space collapsed; None where there is none.

    "lisinopril 10 MG Oral Tablet" gives "10 MG", "hydrocodone-acetaminophen 5-325 mg" gives "5-325 mg". A strength is
    an amount of substance, alone or in a volume, a dose or a time ("150 MG/ML", "0.09 MG/ACTUAT", "25 mcg/hr").

    - The strengths of a combination's ingredients are joined with " / " in the name's order: "Acetaminophen 325 MG /
      Hydrocodone Bitartrate 7.5 MG Oral Tablet" gives "325 MG / 7.5 MG".
    - A volume ("0.3 ML Epinephrine ..."), a number of puffs, a duration ("24 HR ...") or the gauge of a needle is
      none, nor is a number without a unit ("Advair 250/50", "Tylenol #3") or a ratio ("1:1,000").
    - A second amount that is not another ingredient's is left out (a tube's weight, a dose to take).
    - What stands in brackets is a pack or an equivalent, "100 unit/mL (3 mL)" gives "100 unit/mL"; it counts where
      nothing stands outside, and only if all brackets agree: a pack of tablets of different strengths has no one.

    More than 255 characters of strength give None. Never raises; the time grows with the length of the name and
    no faster.
    """
    outside, inside = _apart(medication_name)
    found = _joined(outside) or None
    if found is None:
        # A pack's pills without a drug have an amount too, "(inert ingredients 1 MG Oral Tablet)".
        drugs = (part for part in inside if not part.lower().startswith("inert "))
        in_brackets = {strength for part in drugs if (strength := _joined(part))}
        found = in_brackets.pop() if len(in_brackets) == 1 else None
    return found if found is not None and len(found) <= LONGEST_STRENGTH else None


def _joined(text: str) -> str:
    """The first strength and those of further ingredients; empty where there is none."""
    strengths: list[str] = []
    needle = _NEEDLE.search(text) is not None
    end = 0
    for match in _STRENGTH.finditer(text):
        if strengths and _NEXT_INGREDIENT.fullmatch(text, end, match.start()) is None:
            break
        if needle and _GAUGE.fullmatch(match[0]) is not None:
            continue
        strengths.append(match[0])
        end = match.end()
    return " / ".join(strengths)


def _apart(text: str) -> tuple[str, list[str]]:
    """The text outside all brackets, and of each outermost bracket the text inside; white space collapsed."""
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
