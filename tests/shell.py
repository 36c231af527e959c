"""The installed command, run in a folder of its own: in a new process, or forked from one that has imported it."""

import json
import os
import pty
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
import typer
from builders import a_file, a_patient, write_file
from processes import CONTEXT, warm_up
from templates import Templates

import webautodash
from webautodash.cli.app import app

COMMAND = [sys.executable, "-m", "webautodash"]


@dataclass(frozen=True)
class Done:
    """The exit status and the output of a command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout, which is one JSON document and nothing else."""
        return json.loads(self.out)


class Shell:
    """A folder with a Results folder in it, and the command."""

    def __init__(self, folder: Path, timeout_seconds: float = 60) -> None:
        self.folder, self._timeout_seconds = folder, timeout_seconds
        (folder / "Results").mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WEBAUTODASH_")}
        self.environment = kept | {
            "PYTHONPATH": str(Path(webautodash.__file__).parents[1]),
            "PYTHONWARNINGS": "error",
            "WEBAUTODASH_SETTLE_SECONDS": "0",
        }

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        return self.in_a_new_process(*arguments, stdin=stdin, **environment)

    def in_a_new_process(
        self,
        *arguments: str,
        before: Sequence[str] = (),
        stdin: str | int = "",
        stdout: IO[str] | int = subprocess.PIPE,
        stderr: IO[str] | int = subprocess.PIPE,
        **environment: str,
    ) -> Done:
        """Run the command by the words `before` it, such as `nice`; a number is an open file."""
        source: dict[str, Any] = {"input": stdin} if isinstance(stdin, str) else {"stdin": stdin}
        done = subprocess.run(
            [*before, *COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=stdout,
            stderr=stderr,
            text=True,
            timeout=self._timeout_seconds,
            check=False,
            **source,
        )
        ended = Done(done.returncode, done.stdout or "", done.stderr or "")
        assert "Traceback" not in ended.err
        return ended

    def at_a_terminal(self, answer: str, *arguments: str) -> Done:
        """Run the command where a person types an answer."""
        ours, theirs = pty.openpty()
        os.write(ours, f"{answer}\n".encode())
        done = self.in_a_new_process(*arguments, stdin=theirs, TERM="dumb")
        os.close(ours)
        os.close(theirs)
        return done

    @contextmanager
    def started(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """The command as a process that goes on, for as long as the block lasts."""
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def drop(self, content: object, name: str = "first.json", folder: str = "gary_wang") -> Path:
        return write_file(self.folder / "Results" / folder / name, content)


class ForkedShell(Shell):
    """Like ``Shell``, in less than half of the time, for tests that are not about how the command starts."""

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        done = run_forked(arguments, self.folder, self.environment | environment, self._timeout_seconds, stdin)
        assert "Traceback" not in done.err
        return done


def file_limit(blocks: int) -> Sequence[str]:
    """The words before a command whose files must not grow beyond a number of blocks of 512 bytes."""
    return "sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh"


def run_forked(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_seconds: float, stdin: str = ""
) -> Done:
    """Run the installed command in a folder, in a process forked from one that has already imported it."""
    warm_up()
    with tempfile.TemporaryDirectory() as beside:
        streams = [Path(beside, name) for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(stdin)
        process = CONTEXT.Process(
            target=_be_the_command, args=(list(arguments), folder, dict(environment), streams, Templates.installed())
        )
        process.start()
        process.join(timeout_seconds)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{' '.join(arguments)} does not end")
        return Done(process.exitcode, *(stream.read_text() for stream in streams[1:]))


def _be_the_command(
    arguments: list[str], folder: Path, environment: dict[str, str], streams: list[Path], templates: Templates | None
) -> None:
    from webautodash.cli import main

    if templates is not None:
        templates.install(pytest.MonkeyPatch())
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["webautodash", *arguments]
    for number, stream in enumerate(streams):
        handle = os.open(stream, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    # A forked process has nothing to read from.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    # As PYTHONWARNINGS=error in a new process.
    warnings.simplefilter("error")
    tempfile.tempdir = None
    main()


def parse_command(words: Sequence[str]) -> tuple[Any, list[str]]:
    """The command that some words call, and its own arguments. Raises where there is no such command."""
    root: Any = typer.main.get_command(app)
    _, command, rest = root.resolve_command(typer.Context(root, info_name="webautodash"), list(words))
    commands = getattr(command, "commands", {})
    if rest and (verb := commands.get(rest[0])):
        return verb, rest[1:]
    assert not commands or command.invoke_without_command, f"there is no command {' '.join(words[:2])}"
    return command, rest


def options_of(command: Any) -> set[str]:
    """The options of a command, such as `--json`."""
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


def fill(shell: Shell) -> None:
    first = a_file(a_patient("P1", medications=["Aspirin 81 mg"]), a_patient("P2", name="Bo Smith"))
    second = a_file(
        a_patient("P1", medications=["Aspirin 81 mg", "Xanax 1 mg"]),
        a_patient("P2", name="Bo Smith"),
        a_patient(None, name="Nobody Known"),
        at="2024-03-04T09:00:00",
    )
    shell.drop(first)
    shell.drop(second, "second.json")
