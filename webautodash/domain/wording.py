"""Words of messages that people read."""


def counted(number: int, what: str, plural: str | None = None) -> str:
    """A number of things; the plural has an s more where none is given."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"
