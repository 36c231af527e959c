"""Errors of profiles."""

from webautodash.errors.base import TerminalError


class InvalidProfile(TerminalError):
    """A profile is not valid; ``source`` is its file, ``line`` counts from 1, ``key`` is a dotted path."""

    exit_status = 2

    def __init__(self, source: str, line: int | None, key: str | None, reason: str) -> None:
        self.source, self.line, self.key, self.reason = source, line, key, reason
        place = f"{source}, line {line}" if line else source
        super().__init__(f"{place}: {key} {reason}" if key else f"{place}: {reason}")
