"""The progress line of a long run, on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from webautodash.cli.terminal.verbosity import Verbosity

UpdateProgress = Callable[[str, int, int | None], None]
"""Takes a description, how much is done, and of how much."""


@contextmanager
def progress_line(verbosity: Verbosity, description: str, updates_per_second: float) -> Iterator[UpdateProgress]:
    """Show a progress line on stderr within the block, if the command shows progress; otherwise updates do nothing."""
    if not verbosity.shows_progress:
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, transient=True, refresh_per_second=updates_per_second) as bar:
        task = bar.add_task(description, total=None)
        yield lambda description, done, of: bar.update(task, description=description, completed=done, total=of)
