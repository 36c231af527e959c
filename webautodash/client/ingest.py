"""What an ingest takes and reports."""

from collections.abc import Callable
from dataclasses import dataclass

from webautodash.domain.file_state_transitions import FileResult as FileResult
from webautodash.services.ingest import (
    FileOutcome as FileOutcome,
    FileProcessor,
    IngestReport as IngestReport,
    Progress as Progress,
)
from webautodash.services.workers import collect_rarely as collect_rarely, preload


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """The number of processes, and functions to call after each file and while files are read."""

    workers: int = 1
    on_file: Callable[[FileOutcome], None] | None = None
    on_progress: Callable[[Progress], None] | None = None


def preload_workers() -> None:
    """Begin to import what the worker processes of an ingest need, while the caller does other work."""
    preload([FileProcessor.__module__])
