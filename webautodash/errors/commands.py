"""Commands for a person to copy: what comes out of a file or a name is one word of the shell, whatever it holds."""

import re
import shlex
from pathlib import PurePath

_OUTSIDE_QUOTES = re.compile(r"['\\]")


def command(words: str, *values: str) -> str:
    """``webautodash`` with some words of ours and then values of others'."""
    # Behind `--` nothing is taken for an option.
    end_of_options = ["--"] if any(value.startswith("-") for value in values) else []
    return " ".join([f"webautodash {words}", *end_of_options, *map(quoted, values)])


def quoted(value: str | PurePath) -> str:
    """A value as one word of a POSIX shell; what would not show, or would command the terminal, is spelt out."""
    text = str(value)
    if isinstance(value, PurePath) and text.startswith("-"):
        text = f"./{text}"
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_spelt, text))}'"


def _spelt(sign: str) -> str:
    if sign.isprintable():
        return _OUTSIDE_QUOTES.sub(r"\\\g<0>", sign)
    try:
        # A file's name may hold bytes that are no text.
        octets = sign.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        octets = sign.encode("utf-8", "surrogatepass")
    return "".join(f"\\{octet:03o}" for octet in octets)
