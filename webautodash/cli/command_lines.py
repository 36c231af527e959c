"""Command lines for a person to copy: a value from a file or a name is one word of the shell, whatever it holds."""

from pathlib import PurePath

from webautodash.domain.shell_words import shell_word


def command(words: str, *values: str | PurePath) -> str:
    """``webautodash`` with fixed words and then quoted values."""
    # After `--` no value is read as an option.
    end_of_options = ["--"] if any(str(value).startswith("-") for value in values) else []
    return " ".join([f"webautodash {words}", *end_of_options, *map(shell_word, values)])
