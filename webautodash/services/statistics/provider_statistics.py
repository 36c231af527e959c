"""Computes statistics of one provider or of all."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from webautodash.domain.extraction.lists.clinical_lists import LISTS
from webautodash.domain.vocabulary import ConflictStatus, ConflictType, Severity
from webautodash.repositories.base import from_row
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.statistics import DatabaseStatistics
from webautodash.services.paging import Unreadable, chosen_providers, read_each
from webautodash.services.store import Store

_COUNTED: dict[str, type[StrEnum]] = {
    "conflicts_by_type": ConflictType,
    "conflicts_by_severity": Severity,
    "conflicts_by_status": ConflictStatus,
}


@dataclass(frozen=True, slots=True)
class ProviderStatistics(DatabaseStatistics):
    """The statistics of one provider."""

    slug: str
    name: str
    database_name: str


@dataclass(frozen=True, slots=True)
class Statistics(DatabaseStatistics):
    """The statistics of each requested provider, and their sums; ``problems`` are not included in the sums."""

    total_providers: int
    providers: tuple[ProviderStatistics, ...]
    problems: tuple[Unreadable, ...]


def statistics(store: Store, provider: str | None = None) -> Statistics:
    """Compute the statistics of one provider or of all; a database that cannot be read is listed as a problem.

    A provider whose registration is not complete counts as a provider, without statistics.
    """
    providers = chosen_providers(store, provider)
    read, problems = read_each(providers, partial(_of, store))
    return Statistics(**_sums(read), total_providers=len(providers), providers=tuple(read), problems=tuple(problems))


def _of(store: Store, provider: RegisteredProvider) -> ProviderStatistics:
    with store.provider_database(provider).reading() as work:
        numbers = work.statistics.read()
    facts = {"slug": provider.slug, "name": provider.name, "database_name": provider.database_name}
    return from_row(ProviderStatistics, numbers, **facts)


def _sums(read: list[ProviderStatistics]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for field in fields(DatabaseStatistics):
        values = [getattr(one, field.name) for one in read]
        if field.name == "last_extraction":
            sums[field.name] = _latest(values)
        elif field.name in _COUNTED:
            keys = _COUNTED[field.name]
            sums[field.name] = {key: sum(value[key] for value in values) for key in keys}
        elif field.name == "rows":
            sums[field.name] = {which.name: sum(value[which.name] for value in values) for which in LISTS}
        else:
            sums[field.name] = sum(values)
    return sums


def _latest(times: list[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)
