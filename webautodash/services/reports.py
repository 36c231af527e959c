"""What became of files, as typed results that turn into JSON."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from webautodash.repositories.sessions import Tally


class FileResult(StrEnum):
    """How one look at one file ended."""

    INGESTED = "ingested"
    PARTIAL = "partial"
    ALREADY_INGESTED = "already_ingested"
    REJECTED = "rejected"
    WAITING = "waiting"
    FAILED = "failed"


# What leaves work for a person; a file that is still being written does not.
_PROBLEMS = frozenset({FileResult.PARTIAL, FileResult.REJECTED, FileResult.FAILED})


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: found = stored + changed + duplicates + set_aside."""

    path: str
    state: FileResult
    provider: str | None = None
    """The slug."""
    provider_name: str | None = None
    database_name: str | None = None
    session_id: int | None = None
    reason: str | None = None
    sha256: str | None = None
    size: int | None = None
    found: int = 0
    stored: int = 0
    changed: int = 0
    duplicates: int = 0
    set_aside: int = 0
    conflicts: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    """Clinical rows by list."""

    @property
    def patients_processed(self) -> int:
        """All that were not set aside."""
        return self.found - self.set_aside

    @property
    def is_problem(self) -> bool:
        """Whether a person has to look."""
        return self.state in _PROBLEMS


def counts(tally: Tally) -> dict[str, int]:
    """A session's tally under the names of a report."""
    return {
        "found": tally.total_patients_found,
        "stored": tally.patients_stored,
        "changed": tally.patients_changed,
        "duplicates": tally.patients_duplicate,
        "set_aside": tally.failed_extractions,
    }


def row_counts(tally: Tally) -> dict[str, int]:
    """How many clinical rows a session wrote, by list."""
    return {
        "medications": tally.medications,
        "diagnoses": tally.diagnoses,
        "allergies": tally.allergies,
        "health_concerns": tally.health_concerns,
    }


@dataclass(slots=True)
class ProviderTotals:
    """Sums over one provider's files of a report; what was known already adds nothing but itself."""

    slug: str
    name: str
    files: int = 0
    already_ingested: int = 0
    rejected: int = 0
    patients: int = 0
    stored: int = 0
    changed: int = 0
    duplicates: int = 0
    set_aside: int = 0
    conflicts: int = 0
    medications: int = 0
    diagnoses: int = 0
    allergies: int = 0
    health_concerns: int = 0

    def add(self, outcome: FileOutcome) -> None:
        """Count one more file."""
        self.files += 1
        self.already_ingested += outcome.state is FileResult.ALREADY_INGESTED
        self.rejected += outcome.state is FileResult.REJECTED
        if outcome.state not in {FileResult.INGESTED, FileResult.PARTIAL}:
            return
        self.patients += outcome.found
        for name in ("stored", "changed", "duplicates", "set_aside", "conflicts"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))
        for name, number in outcome.rows.items():
            setattr(self, name, getattr(self, name) + number)


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of all files of one run, in the order they were taken."""

    files: tuple[FileOutcome, ...] = ()

    @property
    def problems(self) -> bool:
        """Whether a person has to look at any file."""
        return any(outcome.is_problem for outcome in self.files)

    def count(self, states: Iterable[FileResult]) -> int:
        """How many files ended so."""
        wanted = set(states)
        return sum(outcome.state in wanted for outcome in self.files)

    def by_provider(self) -> list[ProviderTotals]:
        """Sums by provider; files whose provider could not be told stand under none."""
        totals: dict[str, ProviderTotals] = {}
        for outcome in self.files:
            key = outcome.provider or ""
            if key not in totals:
                totals[key] = ProviderTotals(key, outcome.provider_name or "(no provider)")
            totals[key].add(outcome)
        return [totals[key] for key in sorted(totals)]
