"""Errors become exit statuses, here and nowhere else."""

import errno
import logging
import sys
import traceback
from collections.abc import Callable, Iterable

import typer

from webautodash.cli.advice import explain
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import discard_output
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.errors import WebAutoDashError

DONE, PROBLEMS, WRONG_USE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
# A write to a full or broken disk. Such errors of our own files and sockets are handled where they occur.
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def exit_with_problems(problems: Iterable[str], advice: str | None = None) -> None:
    """Print each problem on a line of stderr, then the advice, and end the command; continue if there is none."""
    found = list(problems)
    for problem in found:
        print_notice(f"problem: {problem}")
    if found and advice:
        print_notice(advice)
    if found:
        raise typer.Exit(PROBLEMS)


def exit_status(run: Callable[[], object], verbosity: Verbosity) -> int:
    """Run a command and return the exit status. ``run`` returns a status, or anything else for 0."""
    try:
        result = run()
        sys.stdout.flush()
        status = result if isinstance(result, int) else DONE
    except WebAutoDashError as error:
        _print_trace(error, verbosity)
        print_notice(f"error: {explain(error)}", logging.ERROR)
        status = error.exit_status
    except typer.TyperException as error:
        print_notice(f"error: {error.format_message()}{_see_help(error)}", logging.ERROR)
        status = WRONG_USE
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except BrokenPipeError:
        status = _reader_has_left()
    except SystemExit as leaving:
        # Typer turns a broken pipe into SystemExit.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        status = _reader_has_left()
    except Exception as error:  # the last place where it can be reported
        _print_trace(error, verbosity)
        if isinstance(error, OSError) and error.errno in _UNWRITABLE:
            discard_output(sys.stdout)
            print_notice(f"error: cannot write the output: {error.strerror}", logging.ERROR)
        else:
            # Without its text, which may quote a value.
            again = "" if verbosity.debug else "; run again with --debug to see where"
            print_notice(f"error: unexpected {type(error).__name__}{again}", logging.ERROR)
        status = PROBLEMS
    if status == INTERRUPTED:
        print_notice("interrupted")
    return status


def _reader_has_left() -> int:
    """A reader such as ``head`` may close the pipe early; that is no error."""
    discard_output(sys.stdout)
    return DONE


def _see_help(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f" (see `{context.command_path} --help`)" if context is not None else ""


def _print_trace(error: BaseException, verbosity: Verbosity) -> None:
    """With --debug, print the stack of an error and of its causes: files, lines and types, neither texts nor values."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if verbosity.debug:
        if cause is not None:
            _print_trace(cause, verbosity)
        print_notice(type(error).__name__, logging.DEBUG, traceback.format_tb(error.__traceback__))
