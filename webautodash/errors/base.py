"""Every error this package raises on purpose.

The base class says whether trying again can help. Each error carries its parts as attributes; its text says what
was wrong, where, and what to do, and never holds a value out of a patient's record.
"""

import re
from contextlib import ContextDecorator
from pathlib import PurePath
from traceback import extract_tb
from types import TracebackType

_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class WebAutoDashError(Exception):
    """Base of all errors of this package; ``exit_status`` is what the command line ends with."""

    exit_status = 1

    def __init__(self, message: str) -> None:
        super().__init__(_printable(message))

    @classmethod
    def own_kind(cls) -> str:
        """The kind that the class gives, where an instance has none of its own."""
        return _CAPITALS.sub("_", cls.__name__).lower()

    @property
    def kind(self) -> str:
        """What is wrong in one word, for programs; it stays the same from version to version."""
        return self.own_kind()

    def __reduce__(self) -> tuple[object, ...]:
        # An error crosses from a worker process with its text and parts, not by calling __init__ again.
        return _revived, (type(self), self.args, self.__dict__)


def _revived(kind: type[WebAutoDashError], args: tuple[object, ...], parts: dict[str, object]) -> WebAutoDashError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(parts)
    return error


def _printable(message: str) -> str:
    """A file's name may hold what is no text, or moves a terminal's cursor; a message goes to both."""
    text = message.encode("utf-8", "backslashreplace").decode()
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def where_from(error: Exception) -> str:
    """Where an error that nobody planned came from, and of what type; its text may quote a value."""
    where = extract_tb(error.__traceback__)[-1]
    return (
        f"unexpected {type(error).__name__} at {PurePath(where.filename).name}, line {where.lineno}; please report it"
    )


class _WithoutContext(ContextDecorator):
    def __enter__(self) -> None:
        """Begin; nothing is needed."""

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        if isinstance(error, WebAutoDashError):
            error.__cause__ = error.__context__ = None


without_context = _WithoutContext()
"""Removes the foreign exception from an error of this package that was raised while that one was handled.

``from None`` only hides it from a printed traceback: ``__context__`` still refers to it, and a driver's or a decoder's
exception holds the statement's parameters or the document. Use it as a decorator, or inside a generator as
``with without_context:``.
"""


class TransientError(WebAutoDashError):
    """The same call may succeed later: a lock, a lost connection."""


class TerminalError(WebAutoDashError):
    """The same call will fail again until somebody changes something."""


class ConfigurationError(TerminalError):
    """A setting is missing or does not fit; ``key`` names it."""

    exit_status = 2

    def __init__(self, key: str, reason: str) -> None:
        self.key, self.reason = key, reason
        super().__init__(f"{key}: {reason}")


class UsageError(TerminalError):
    """The call itself is wrong: an unknown name, an impossible combination."""

    exit_status = 2
