"""The moving line of a long run, on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Move = Callable[[str, int, int | None], None]
"""Shows words, how much is done, and of how much."""


@contextmanager
def moving_line(words: str, times_a_second: float) -> Iterator[Move]:
    """Show a line on stderr that is gone afterwards; only where it is of use (``Verbosity.shows_progress``)."""
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
    with Progress(*columns, console=console, transient=True, refresh_per_second=times_a_second) as bar:
        task = bar.add_task(words, total=None)
        yield lambda words, done, of: bar.update(task, description=words, completed=done, total=of)
