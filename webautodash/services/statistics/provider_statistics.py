"""Numbers of one provider and of all."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from webautodash.domain.extraction.clinical_lists import LISTS
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.errors import WebAutoDashError
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.statistics import DatabaseStatistics
from webautodash.services.paging import Unreadable, problems_of
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.store import Store

_COUNTED: dict[str, type[StrEnum]] = {
    "conflicts_by_type": ConflictType,
    "conflicts_by_severity": Severity,
    "conflicts_by_status": ConflictStatus,
}


@dataclass(frozen=True, slots=True)
class ProviderStatistics(DatabaseStatistics):
    """The numbers of one provider."""

    slug: str
    name: str
    database_name: str


@dataclass(frozen=True, slots=True)
class Statistics(DatabaseStatistics):
    """The numbers of the asked-for providers together, and of each; ``problems`` are not in the sums."""

    total_providers: int
    providers: tuple[ProviderStatistics, ...]
    problems: tuple[Unreadable, ...]


def statistics(store: Store, provider: str | None = None) -> Statistics:
    """The numbers of one provider or of all; a database that cannot be read is listed, and stops nothing.

    A provider whose registration is under way counts as a provider and has no numbers yet.
    """
    asked = [resolve_provider(store, provider)] if provider is not None else store.providers()
    read: list[ProviderStatistics] = []
    problems: list[Unreadable] = []
    for one in asked:
        try:
            read.append(_of(store, one))
        except WebAutoDashError as error:
            problems += problems_of(one, error)
    return Statistics(**_together(read), total_providers=len(asked), providers=tuple(read), problems=tuple(problems))


def _of(store: Store, provider: RegisteredProvider) -> ProviderStatistics:
    with store.provider_database(provider).reading() as work:
        numbers = work.statistics.numbers()
    return ProviderStatistics(
        **{field.name: getattr(numbers, field.name) for field in fields(DatabaseStatistics)},
        slug=provider.slug,
        name=provider.name,
        database_name=provider.database_name,
    )


def _together(read: list[ProviderStatistics]) -> dict[str, Any]:
    together: dict[str, Any] = {}
    for field in fields(DatabaseStatistics):
        values = [getattr(one, field.name) for one in read]
        if field.name == "last_extraction":
            together[field.name] = _latest(values)
        elif field.name in _COUNTED:
            words = _COUNTED[field.name]
            together[field.name] = {word: sum(value[word] for value in values) for word in words}
        elif field.name == "rows":
            together[field.name] = {which.name: sum(value[which.name] for value in values) for which in LISTS}
        else:
            together[field.name] = sum(values)
    return together


def _latest(moments: list[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
