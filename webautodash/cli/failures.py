"""Errors become exit statuses, here and nowhere else."""

import os
import sys
import traceback
from collections.abc import Callable

import typer

from webautodash.cli.output import complain
from webautodash.cli.verbosity import Verbosity
from webautodash.errors import WebAutoDashError

DONE, PROBLEMS, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def exit_status(run: Callable[[], object], said: Verbosity) -> int:
    """What the process ends with. ``run`` is a command; it returns a status, or nothing for 0."""
    try:
        result = run()
        sys.stdout.flush()
        status = result if isinstance(result, int) else DONE
    except WebAutoDashError as error:
        _trace(error, said)
        complain(f"error: {error}")
        status = error.exit_status
    except typer.TyperException as error:
        complain(f"error: {error.format_message()}{_hint(error)}")
        status = WRONG_USE
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except BrokenPipeError:
        status = _unheard()
    except SystemExit as leaving:
        # Typer's own answer to a broken pipe.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        status = _unheard()
    except Exception as error:  # nobody else is there to hear of it
        _trace(error, said)
        # Without its text: it may quote a value.
        again = "" if said.debug else "; run again with --debug to see where"
        complain(f"error: unexpected {type(error).__name__}{again}")
        status = PROBLEMS
    if status == INTERRUPTED:
        complain("interrupted")
    return status


def _unheard() -> int:
    """Whoever reads has had enough, which is no error; the flush at the interpreter's end must not fail either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
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
        sys.stderr.writelines(traceback.format_tb(error.__traceback__))
        complain(type(error).__name__)
