"""Defaults for optional callbacks."""


def ignore(*_: object) -> None:
    """Do nothing."""


def always(*_: object) -> bool:
    """Return True."""
    return True
