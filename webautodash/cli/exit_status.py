"""Errors become exit statuses, here and nowhere else."""

import errno
import logging
import sys
import traceback
from collections.abc import Callable, Iterable

import typer

from webautodash.cli.hints import explain
from webautodash.cli.terminal.output import complain
from webautodash.cli.terminal.streams import unheard
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.errors import WebAutoDashError

DONE, PROBLEMS, WRONG_USE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
# What a write to a full or broken disk ends with; of our own files and sockets no such error comes this far.
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def end_with(problems: Iterable[str]) -> None:
    """Name what went wrong, each on a line of stderr, and end the command; go on where nothing did."""
    found = list(problems)
    for problem in found:
        complain(f"problem: {problem}")
    if found:
        raise typer.Exit(PROBLEMS)


def exit_status(run: Callable[[], object], said: Verbosity) -> int:
    """What the process ends with. ``run`` is a command; it returns a status, or nothing for 0."""
    try:
        result = run()
        sys.stdout.flush()
        status = result if isinstance(result, int) else DONE
    except WebAutoDashError as error:
        _trace(error, said)
        complain(f"error: {explain(error)}", logging.ERROR)
        status = error.exit_status
    except typer.TyperException as error:
        complain(f"error: {error.format_message()}{_hint(error)}", logging.ERROR)
        status = WRONG_USE
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except BrokenPipeError:
        status = _enough()
    except SystemExit as leaving:
        # Typer's own answer to a broken pipe.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        status = _enough()
    except Exception as error:  # nobody else is there to hear of it
        _trace(error, said)
        if isinstance(error, OSError) and error.errno in _UNWRITABLE:
            unheard(sys.stdout)
            complain(f"error: cannot write the output: {error.strerror}", logging.ERROR)
        else:
            # Without its text: it may quote a value.
            again = "" if said.debug else "; run again with --debug to see where"
            complain(f"error: unexpected {type(error).__name__}{again}", logging.ERROR)
        status = PROBLEMS
    if status == INTERRUPTED:
        complain("interrupted")
    return status


def _enough() -> int:
    """Whoever reads has had enough, which is no error."""
    unheard(sys.stdout)
    return DONE


def _hint(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f" (see `{context.command_path} --help`)" if context is not None else ""


def _trace(error: BaseException, said: Verbosity) -> None:
    """Where an error came from: files, lines and types, neither texts nor values."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if said.debug:
        if cause is not None:
            _trace(cause, said)
        complain(type(error).__name__, logging.DEBUG, traceback.format_tb(error.__traceback__))
