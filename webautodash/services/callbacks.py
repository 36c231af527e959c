"""Default for optional callbacks."""


def ignore(*_: object) -> None:
    """Do nothing."""
