"""Sums over the system database, in a constant number of statements, because they are read every few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select

from webautodash.models import IngestedFile, Provider
from webautodash.repositories.base import Repository
from webautodash.repositories.ingested_files import OUTCOMES


@dataclass(frozen=True, slots=True)
class Durations:
    """How long files took, from their opening to the commit."""

    files: int
    total_ms: int
    within: tuple[int, ...]
    """How many files took no longer than each bound."""


class MetricsRepository(Repository):
    """Metrics of the files."""

    def patients(self) -> dict[str, dict[str, int]]:
        """How many patients had each outcome, by the slug of each provider with files."""
        # Each session once: several paths may have the same bytes.
        once = (
            select(IngestedFile.provider_id, *(func.max(getattr(IngestedFile, name)).label(name) for name in OUTCOMES))
            .where(IngestedFile.session_id.is_not(None))
            .group_by(IngestedFile.provider_id, IngestedFile.session_id)
            .subquery()
        )
        sums = (
            select(Provider.slug, *(func.sum(once.c[name]) for name in OUTCOMES))
            .join(once, once.c.provider_id == Provider.id)
            .group_by(Provider.slug)
        )
        return {
            slug: dict(zip(OUTCOMES, map(int, numbers), strict=True)) for slug, *numbers in self._session.execute(sums)
        }

    def durations(self, bounds_ms: Sequence[int]) -> Durations:
        """How long the stored files took, and how many of them no longer than each bound."""
        took = IngestedFile.duration_ms
        within = (func.sum(case((took <= bound, 1), else_=0)) for bound in bounds_ms)
        files, total, *numbers = self._session.execute(
            select(func.count(took), func.sum(took), *within).where(took.is_not(None))
        ).one()
        return Durations(files, int(total or 0), tuple(int(number or 0) for number in numbers))

    def attempts(self) -> int:
        """The attempts at all files, for each since its last change."""
        return self._number(select(func.sum(IngestedFile.attempts)))
