"""How far a run is, for whoever watches it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webautodash.services.ingest.report import FileOutcome, FileResult
from webautodash.services.ingest.scan import Candidate

OnBatch = Callable[[int, int], None]
"""Hears how many of a file's patients are written so far, and of how many; they are stored when the whole file is."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; what is left of it is best told by the bytes."""

    files: int
    """Done, whatever became of them."""
    of_files: int
    size: int
    """Bytes done: of files, and of the part of those at hand whose patients are written."""
    of_size: int
    patients: int
    """Written so far; files that were stored already have none."""


class Meter:
    """Adds up what is done of some files, and says so."""

    def __init__(self, on_progress: Callable[[Progress], None] | None) -> None:
        self._on_progress = on_progress
        self._files = self._of_files = self._size = self._of_size = self._patients = 0
        # Of the files at hand: a path's patients and bytes so far.
        self._at_hand: dict[tuple[str, str], tuple[int, int]] = {}

    def begin(self, files: Sequence[Candidate]) -> None:
        """More that there is to do."""
        self._of_files += len(files)
        self._of_size += sum(candidate.size or 0 for candidate in files)
        self._say()

    def batch(self, candidate: Candidate, done: int, of: int) -> None:
        """So many of a file's patients are written."""
        self._at_hand[candidate.directory, candidate.name] = (done, (candidate.size or 0) * done // max(of, 1))
        self._say()

    def file(self, candidate: Candidate, outcome: FileOutcome) -> None:
        """A file is done."""
        self._at_hand.pop((candidate.directory, candidate.name), None)
        self._files += 1
        self._size += candidate.size or 0
        if outcome.state is not FileResult.ALREADY_INGESTED:
            self._patients += outcome.found
        self._say()

    def _say(self) -> None:
        if self._on_progress is not None:
            patients, size = (sum(column) for column in zip((0, 0), *self._at_hand.values(), strict=True))
            self._on_progress(
                Progress(self._files, self._of_files, self._size + size, self._of_size, self._patients + patients)
            )
