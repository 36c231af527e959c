"""The progress of a run, for a progress bar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webautodash.domain.file_state_transitions import FileResult
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import Candidate, FileKey


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; the remaining time is best estimated from the bytes."""

    files: int
    """Files that are done, with any result."""
    of_files: int
    size: int
    """Bytes that are done: of whole files, and of the written part of the files in progress."""
    of_size: int
    patients: int
    """Patients written so far; files that were stored before count none."""


class Meter:
    """Adds up the progress of a run and reports it."""

    def __init__(self, on_progress: Callable[[Progress], None] | None) -> None:
        self._on_progress = on_progress
        self._files = self._of_files = self._size = self._of_size = self._patients = 0
        # Patients and bytes of the files in progress.
        self._in_progress: dict[FileKey, tuple[int, int]] = {}

    def add(self, files: Sequence[Candidate]) -> None:
        """Add files that are to be processed."""
        self._of_files += len(files)
        self._of_size += sum(candidate.size or 0 for candidate in files)
        self._report()

    def batch(self, candidate: Candidate, done: int, of: int) -> None:
        """Report that ``done`` of a file's patients are written."""
        self._in_progress[candidate.key] = (done, (candidate.size or 0) * done // max(of, 1))
        self._report()

    def file(self, candidate: Candidate, outcome: FileOutcome) -> None:
        """Report that a file is done."""
        self._in_progress.pop(candidate.key, None)
        self._files += 1
        self._size += candidate.size or 0
        if outcome.state is not FileResult.ALREADY_INGESTED:
            self._patients += outcome.found
        self._report()

    def _report(self) -> None:
        if self._on_progress is not None:
            patients, size = (sum(column) for column in zip((0, 0), *self._in_progress.values(), strict=True))
            self._on_progress(
                Progress(self._files, self._of_files, self._size + size, self._of_size, self._patients + patients)
            )
