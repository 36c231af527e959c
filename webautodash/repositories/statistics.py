"""Counts the content of a provider's database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from webautodash.domain.json_document import INLINE
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.models import ExtractionSession, Patient, PatientExtraction, ProviderBase
from webautodash.repositories.base import Repository
from webautodash.repositories.clinical import MODELS
from webautodash.repositories.conflicts import ConflictRepository


@dataclass(frozen=True, slots=True)
class DatabaseStatistics:
    """Counts of one provider, or sums of several. ``found`` is the sum of the four outcomes after it."""

    total_patients: int
    total_sessions: int
    total_extractions: int
    found: int
    stored: int
    changed: int
    duplicates: int
    set_aside: int
    """Without those that were stored since, which count as stored, changed or duplicates."""
    rows: Mapping[str, int] = field(metadata=INLINE)
    """Clinical rows by the name of their list."""
    total_conflicts: int
    conflicts_detected: int
    """Without recorded duplicates."""
    unresolved_conflicts: int
    conflicts_by_type: dict[ConflictType, int]
    conflicts_by_severity: dict[Severity, int]
    conflicts_by_status: dict[ConflictStatus, int]
    last_extraction: datetime | None


class StatisticsRepository(Repository):
    """Counts over a provider's tables, consistent if the session reads one snapshot."""

    def read(self) -> DatabaseStatistics:
        """Count everything."""
        found, stored, changed, duplicates, failed, last = self._session.execute(
            select(
                func.sum(ExtractionSession.total_patients_found),
                func.sum(ExtractionSession.patients_stored),
                func.sum(ExtractionSession.patients_changed),
                func.sum(ExtractionSession.patients_duplicate),
                func.sum(ExtractionSession.failed_extractions),
                func.max(ExtractionSession.extracted_at),
            )
        ).one()
        conflicts = ConflictRepository(self._session).counts()
        by_type, by_severity = dict.fromkeys(ConflictType, 0), dict.fromkeys(Severity, 0)
        by_status = dict.fromkeys(ConflictStatus, 0)
        for (kind, severity, status), number in conflicts.items():
            by_type[kind] += number
            by_severity[severity] += number
            by_status[status] += number
        return DatabaseStatistics(
            total_patients=self._count(Patient),
            total_sessions=self._count(ExtractionSession),
            total_extractions=self._count(PatientExtraction),
            found=int(found or 0),
            stored=int(stored or 0),
            changed=int(changed or 0),
            duplicates=int(duplicates or 0),
            set_aside=int(failed or 0),
            rows={name: self._count(model) for name, model in MODELS.items()},
            total_conflicts=sum(conflicts.values()),
            conflicts_detected=sum(conflicts.values()) - by_type[ConflictType.EXTRACTION_DUPLICATE],
            unresolved_conflicts=by_status[ConflictStatus.UNRESOLVED],
            conflicts_by_type=by_type,
            conflicts_by_severity=by_severity,
            conflicts_by_status=by_status,
            last_extraction=last,
        )

    def _count(self, model: type[ProviderBase]) -> int:
        return self._number(select(func.count()).select_from(model))
