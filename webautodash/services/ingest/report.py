"""The outcomes of files, as typed results that turn into JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.file_state_transitions import PROBLEM_RESULTS, STORED_RESULTS, FileResult
from webautodash.domain.json_document import INLINE, NOT_IN_JSON
from webautodash.repositories.ingested_files import OUTCOMES
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.sessions import StoredSession


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The result of one attempt to ingest one file: found = stored + changed + duplicates + set_aside."""

    path: str
    state: FileResult
    provider: str | None = None
    """The slug."""
    provider_name: str | None = None
    database_name: str | None = None
    session_id: int | None = None
    reason: str | None = None
    kind: str | None = None
    """The error kind of ``reason``."""
    fields: Mapping[str, Any] = field(default_factory=dict, compare=False, metadata=NOT_IN_JSON)
    """The parts of the error, by name: what advice about it is made of."""
    transient: bool = False
    """Whether time alone may remove the cause of a failure."""
    sha256: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    """Modification time of the bytes that were read; None if a later change could have the same time."""
    duration_ms: int | None = field(default=None, compare=False)
    """Time from opening the file to its commit; None if nothing was committed."""
    unfinished: int = 0
    """Attempts in a row that began and never ended, for example because the process was killed."""
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
        """The patients that were not set aside."""
        return self.found - self.set_aside

    @property
    def is_problem(self) -> bool:
        """Whether a person has to deal with the file."""
        return self.state in PROBLEM_RESULTS

    @classmethod
    def of_session(
        cls,
        path: str,
        state: FileResult,
        provider: RegisteredProvider,
        session: StoredSession,
        size: int | None = None,
        mtime_ns: int | None = None,
    ) -> "FileOutcome":
        """The outcome of a file whose bytes are stored, with the counts of their session."""
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
            sha256=session.content_sha256,
            size=size,
            mtime_ns=mtime_ns,
            conflicts=tally.conflicts_detected,
            rows=dict(tally.rows),
            found=tally.total_patients_found,
            stored=tally.patients_stored,
            changed=tally.patients_changed,
            duplicates=tally.patients_duplicate,
            set_aside=tally.failed_extractions,
        )


@dataclass(frozen=True, slots=True)
class ProviderTotals:
    """Sums over one provider's files of a report; files that were ingested before are only counted as files."""

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
        """The sums over the files of one provider, at least one file."""
        new = [outcome for outcome in files if outcome.state in STORED_RESULTS]
        return cls(
            slug=files[0].provider or "",
            name=files[0].provider_name or "(no provider)",
            files=len(files),
            already_ingested=sum(outcome.state is FileResult.ALREADY_INGESTED for outcome in files),
            rejected=sum(outcome.state is FileResult.REJECTED for outcome in files),
            patients=sum(outcome.found for outcome in new),
            **{name: sum(getattr(outcome, name) for outcome in new) for name in (*OUTCOMES, "conflicts")},
            rows={which.name: sum(outcome.rows.get(which.name, 0) for outcome in new) for which in LISTS},
        )


@dataclass(frozen=True, slots=True)
class IngestReport:
    """The outcomes of all files of one run, in the order of processing."""

    files: tuple[FileOutcome, ...] = ()

    @property
    def problems(self) -> bool:
        """Whether a person has to deal with any file."""
        return any(outcome.is_problem for outcome in self.files)

    def count(self, states: Iterable[FileResult]) -> int:
        """The number of files with one of these results."""
        wanted = set(states)
        return sum(outcome.state in wanted for outcome in self.files)

    def by_provider(self) -> list[ProviderTotals]:
        """Sums by provider; files without a known provider have the slug ''."""
        files: dict[str, list[FileOutcome]] = {}
        for outcome in self.files:
            files.setdefault(outcome.provider or "", []).append(outcome)
        return [ProviderTotals.of(files[slug]) for slug in sorted(files)]
