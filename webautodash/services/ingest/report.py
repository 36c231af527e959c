"""What became of files, as typed results that turn into JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.json_document import INLINE
from webautodash.errors import Remedy
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import StoredSession, Tally


class FileResult(StrEnum):
    """How one look at one file ended."""

    INGESTED = "ingested"
    PARTIAL = "partial"
    ALREADY_INGESTED = "already_ingested"
    REJECTED = "rejected"
    WAITING = "waiting"
    BLOCKED = "blocked"
    """Its provider's database is behind, ahead, or in the middle of a migration, or nobody registered the provider."""
    FAILED = "failed"
    HELD = "held"
    """It is whole, and a person has to accept it before it is stored."""
    GONE = "gone"
    """It was there when its folder was looked at, and is no longer."""


# What leaves work for a person; a file that is still being written does not.
_PROBLEMS = frozenset({FileResult.PARTIAL, FileResult.REJECTED, FileResult.HELD, FileResult.BLOCKED, FileResult.FAILED})


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
    kind: str | None = None
    """Of what is wrong with it, in one word, for programs."""
    remedy: Remedy | None = None
    """What a command can do about the fault of a database."""
    transient: bool = False
    """Whether what failed may go by itself."""
    sha256: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    """When the bytes that were read had last been changed; None where a later change could look the same."""
    duration_ms: int | None = field(default=None, compare=False)
    """From the opening of the file to its commit; None where nothing was committed."""
    unfinished: int = 0
    """Readings in a row that were begun and did not end, such as those of a process that was killed."""
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

    @classmethod
    def of_session(
        cls,
        path: str,
        state: FileResult,
        provider: RegisteredProvider,
        session: StoredSession,
        size: int | None,
        mtime_ns: int | None,
        duration_ms: int | None = None,
    ) -> "FileOutcome":
        """The outcome of a file whose bytes are stored, as their session counts them."""
        tally = session.tally
        set_aside = f"{tally.failed_extractions} of {tally.total_patients_found} patients set aside"
        return cls(
            path,
            state,
            provider=provider.slug,
            provider_name=provider.name,
            database_name=provider.database_name,
            session_id=session.id,
            reason=set_aside if tally.failed_extractions else None,
            kind=None,
            remedy=None,
            transient=False,
            sha256=session.content_sha256,
            size=size,
            mtime_ns=mtime_ns,
            duration_ms=duration_ms,
            conflicts=tally.conflicts_detected,
            rows=dict(tally.rows),
            **counts(tally),
        )


def counts(tally: Tally) -> dict[str, int]:
    """A session's tally under the names of a report."""
    return {
        "found": tally.total_patients_found,
        "stored": tally.patients_stored,
        "changed": tally.patients_changed,
        "duplicates": tally.patients_duplicate,
        "set_aside": tally.failed_extractions,
    }


@dataclass(frozen=True, slots=True)
class ProviderTotals:
    """Sums over one provider's files of a report; what was known already adds nothing but itself."""

    slug: str
    name: str
    files: int
    already_ingested: int
    rejected: int
    patients: int
    stored: int
    changed: int
    duplicates: int
    set_aside: int
    conflicts: int
    rows: Mapping[str, int] = field(metadata=INLINE)
    """Clinical rows by the name of their list."""

    @classmethod
    def of(cls, files: Sequence[FileOutcome]) -> "ProviderTotals":
        """The sums over the files of one provider, of which there is at least one."""
        new = [outcome for outcome in files if outcome.state in {FileResult.INGESTED, FileResult.PARTIAL}]
        return cls(
            slug=files[0].provider or "",
            name=files[0].provider_name or "(no provider)",
            files=len(files),
            already_ingested=sum(outcome.state is FileResult.ALREADY_INGESTED for outcome in files),
            rejected=sum(outcome.state is FileResult.REJECTED for outcome in files),
            patients=sum(outcome.found for outcome in new),
            stored=sum(outcome.stored for outcome in new),
            changed=sum(outcome.changed for outcome in new),
            duplicates=sum(outcome.duplicates for outcome in new),
            set_aside=sum(outcome.set_aside for outcome in new),
            conflicts=sum(outcome.conflicts for outcome in new),
            rows={which.name: sum(outcome.rows.get(which.name, 0) for outcome in new) for which in LISTS},
        )


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
        files: dict[str, list[FileOutcome]] = {}
        for outcome in self.files:
            files.setdefault(outcome.provider or "", []).append(outcome)
        return [ProviderTotals.of(files[slug]) for slug in sorted(files)]
