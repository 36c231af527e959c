"""Wording that messages share."""


def counted(number: int, what: str, plural: str | None = None) -> str:
    """A number and its noun; the plural is the noun with an s unless it is specified."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"
