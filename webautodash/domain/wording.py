"""Wording that messages share: counted nouns, and values as words of a POSIX shell in commands that a person copies."""

import re
import shlex
from pathlib import PurePath

_SPECIAL = re.compile(r"['\\]")


def counted(number: int, what: str, plural: str | None = None) -> str:
    """A number and its noun; the plural is the noun with an s unless it is specified."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


def shell_word(value: str | PurePath) -> str:
    """Quote a value as one word; what is not printable is written as octal escapes."""
    text = str(value)
    if isinstance(value, PurePath) and text.startswith("-"):
        text = f"./{text}"
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def _escaped(character: str) -> str:
    if character.isprintable():
        return _SPECIAL.sub(r"\\\g<0>", character)
    try:
        # A file's name may contain bytes that are not text.
        octets = character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        octets = character.encode("utf-8", "surrogatepass")
    return "".join(f"\\{octet:03o}" for octet in octets)
