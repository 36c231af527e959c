"""The base classes of all errors that this package raises on purpose.

The base class tells whether a retry can help. Each error has a stable ``kind`` and its parts as attributes. Its text
says what happened, where, and what to do; it never holds a value of a patient's record. The command that fixes an error
is chosen by kind in the command line.
"""

import re
from contextlib import ContextDecorator
from pathlib import PurePath
from traceback import extract_tb
from types import TracebackType

_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class WebAutoDashError(Exception):
    """Base of all errors of this package; ``exit_status`` is the exit status of the command line."""

    exit_status = 1

    def __init__(self, message: str) -> None:
        super().__init__(_printable(message))

    @classmethod
    def own_kind(cls) -> str:
        """The kind of the class, for an instance that has no kind of its own."""
        return _CAPITALS.sub("_", cls.__name__).lower()

    @property
    def kind(self) -> str:
        """A code for programs that stays the same in all versions."""
        return self.own_kind()

    def __reduce__(self) -> tuple[object, ...]:
        # An error from a worker process is restored from its text and parts, without a call of __init__.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(error_type: type[WebAutoDashError], args: tuple[object, ...], parts: dict[str, object]) -> Exception:
    error = error_type.__new__(error_type)
    error.args = args
    error.__dict__.update(parts)
    return error


def _printable(message: str) -> str:
    """Escape what is not text or controls a terminal: a file name may hold any bytes."""
    text = message.encode("utf-8", "backslashreplace").decode()
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def where_from(error: Exception) -> str:
    """Describe an unexpected error by its type and line; its own text may quote a value."""
    where = extract_tb(error.__traceback__)[-1]
    return (
        f"unexpected {type(error).__name__} at {PurePath(where.filename).name}, line {where.lineno}; please report it"
    )


class _WithoutContext(ContextDecorator):
    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _t: type[BaseException] | None, error: BaseException | None, _b: TracebackType | None) -> None:
        if isinstance(error, WebAutoDashError):
            error.__cause__ = error.__context__ = None


without_context = _WithoutContext()
"""Removes the foreign exception from an error of this package that was raised while the former was handled.

``from None`` only hides it from a printed traceback: ``__context__`` still refers to it, and the exception of a driver
or a decoder holds the statement's parameters or the document. Use it as a decorator, or inside a generator as
``with without_context:``.
"""


class TransientError(WebAutoDashError):
    """A retry of the same call may succeed: a lock, a lost connection."""


class TerminalError(WebAutoDashError):
    """The same call fails again until somebody changes something."""


class ConfigurationError(TerminalError):
    """A setting is missing or invalid; ``key`` is its name."""

    exit_status = 2

    def __init__(self, key: str, reason: str) -> None:
        self.key, self.reason = key, reason
        super().__init__(f"{key}: {reason}")


class UsageError(TerminalError):
    """The call itself is wrong: an unknown name, an impossible combination of arguments; ``topic`` selects advice."""

    exit_status = 2

    def __init__(self, message: str, topic: str | None = None) -> None:
        self.topic = topic
        super().__init__(message)
