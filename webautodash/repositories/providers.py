"""Rows of the registry: providers and their aliases."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, case, select, union, update

from webautodash.domain.dates import DateOrder
from webautodash.domain.lookalikes import look_alike
from webautodash.domain.naming import letters_key, same_name_key, untitled_key
from webautodash.domain.vocabulary import ProviderStatus, Severity
from webautodash.models import Provider, ProviderAlias
from webautodash.repositories.base import Repository, from_row
from webautodash.repositories.sessions import DatabaseCounts, LastSession, Totals

_OPEN = {severity: f"open_{severity}" for severity in Severity}
"""Columns with the number of open conflicts, by severity."""


@dataclass(frozen=True, slots=True)
class RegisteredProvider:
    """A provider in the registry."""

    id: int
    identity: str
    name: str
    slug: str
    folder: str | None
    database_name: str
    date_order: DateOrder
    status: ProviderStatus
    aliases: tuple[str, ...]
    total_patients: int
    total_extractions: int
    total_sessions: int
    total_conflicts: int
    last_extraction: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """Who a provider is, as the identity row of the provider's database has it."""

    identity: str
    name: str
    slug: str
    folder: str | None
    date_order: DateOrder
    aliases: tuple[str, ...] = ()

    @classmethod
    def new(cls, name: str, slug: str, folder: str | None, date_order: DateOrder) -> "ProviderIdentity":
        """An identity for a provider that has none."""
        return cls(uuid4().hex, name, slug, folder, date_order)


class ProviderRepository(Repository):
    """Rows of ``providers`` and ``provider_aliases``."""

    def all(self) -> list[RegisteredProvider]:
        """Every provider, by slug."""
        return self._load(select(Provider).order_by(Provider.slug))

    def by_slug(self, slug: str) -> RegisteredProvider | None:
        """The provider with exactly this slug."""
        return self._one(select(Provider).where(Provider.slug == slug))

    def by_name(self, name: str) -> RegisteredProvider | None:
        """The provider with this name or alias, ignoring case and white space."""
        key = same_name_key(name)
        own = select(Provider.id).where(Provider.name_key == key)
        aliased = select(ProviderAlias.provider_id).where(ProviderAlias.name_key == key)
        return self._one(_with_any(own, aliased))

    def by_letters(self, text: str) -> list[RegisteredProvider]:
        """The providers with the same letters and digits in the name or an alias, or with this slug."""
        key = letters_key(text)
        own = select(Provider.id).where(Provider.letters_key == key)
        slugged = select(Provider.id).where(Provider.slug == text)
        aliased = select(ProviderAlias.provider_id).where(ProviderAlias.letters_key == key)
        return self._load(_with_any(own, slugged, aliased).order_by(Provider.slug))

    def slugs_by_letters(self, keys: Collection[str]) -> dict[str, str]:
        """The slug of the only provider that ``by_letters`` finds for each of these keys; the others are left out."""
        own = select(Provider.letters_key, Provider.slug).where(Provider.letters_key.in_(keys))
        slugged = select(Provider.slug, Provider.slug).where(Provider.slug.in_(keys))
        alias = ProviderAlias.letters_key
        aliased = select(alias, Provider.slug).join_from(ProviderAlias, Provider).where(alias.in_(keys))
        slugs: dict[str, set[str]] = {}
        for key, found in self._session.execute(union(own, slugged, aliased)):
            slugs.setdefault(key, set()).add(found)
        return {key: found.pop() for key, found in slugs.items() if len(found) == 1}

    def lookalikes(self, name: str) -> list[RegisteredProvider]:
        """The providers with a different name or alias that looks like this one, or differs by a title only.

        Reads all names: no column has this. Not for names that are registered.
        """
        names = [*self._session.execute(select(Provider.id, Provider.name))]
        names += self._session.execute(select(ProviderAlias.provider_id, ProviderAlias.name))
        key, plain = same_name_key(name), untitled_key(name)
        alike = {
            number
            for number, other in names
            if (look_alike(name, other) or untitled_key(other) == plain) and same_name_key(other) != key
        }
        return self._load(select(Provider).where(Provider.id.in_(alike)).order_by(Provider.slug)) if alike else []

    def add(self, provider: ProviderIdentity, database_name: str, status: ProviderStatus) -> RegisteredProvider:
        """Add a provider with its aliases; the row is locked until the transaction ends. Raises DuplicateKey."""
        keys = {"name_key": same_name_key(provider.name), "letters_key": letters_key(provider.name)}
        facts = {name: value for name, value in asdict(provider).items() if name != "aliases"}
        row = Provider(**facts, **keys, database_name=database_name, status=status)
        self._session.add(row)
        self._session.flush()
        for alias in provider.aliases:
            self.add_alias(row.id, alias)
        [added] = self._load(select(Provider).where(Provider.id == row.id))
        return added

    def add_alias(self, provider_id: int, name: str) -> None:
        """Add another name of a provider."""
        self._session.add(
            ProviderAlias(
                provider_id=provider_id, name=name, name_key=same_name_key(name), letters_key=letters_key(name)
            )
        )
        self._session.flush()

    def set_status(self, provider_id: int, status: ProviderStatus) -> None:
        """Set the status of a registration."""
        self._session.execute(update(Provider).where(Provider.id == provider_id).values(status=status))

    def set_totals(self, provider_id: int, totals: Totals) -> None:
        """Replace the totals with those of the provider's database; the number of decisions never decreases."""
        values = asdict(totals)
        fewer = Provider.total_reviews > totals.total_reviews
        values["total_reviews"] = case((fewer, Provider.total_reviews), else_=totals.total_reviews)
        for severity, number in values.pop("open_conflicts").items():
            values[_OPEN[severity]] = number
        self._session.execute(update(Provider).where(Provider.id == provider_id).values(**values))

    def open_conflicts(self) -> dict[int, dict[Severity, int]]:
        """By provider, the number of open conflicts by severity; providers not counted yet are left out."""
        rows = self._session.execute(select(Provider.id, *(getattr(Provider, column) for column in _OPEN.values())))
        return {number: dict(zip(_OPEN, counts, strict=True)) for number, *counts in rows if None not in counts}

    def last_sessions(self) -> dict[int, LastSession]:
        """By provider, the newest recorded session; providers without one are left out."""
        columns = (Provider.id, Provider.last_session_id, Provider.last_session_sha256)
        rows = self._session.execute(select(*columns).where(Provider.last_session_id.is_not(None)))
        return {number: LastSession(last, sha256) for number, last, sha256 in rows if last and sha256}

    def recorded_counts(self) -> dict[int, DatabaseCounts]:
        """By provider, the recorded counts of the database."""
        open_conflicts = {number: sum(counts.values()) for number, counts in self.open_conflicts().items()}
        last = self.last_sessions()
        rows = self._session.execute(select(Provider.id, Provider.total_sessions))
        return {
            number: DatabaseCounts(sessions, open_conflicts.get(number), last.get(number)) for number, sessions in rows
        }

    def recorded_decisions(self) -> dict[int, int]:
        """By provider, the highest recorded number of decisions; providers not counted yet are left out."""
        counted = select(Provider.id, Provider.total_reviews).where(Provider.total_reviews.is_not(None))
        return dict(self._session.execute(counted).all())  # type: ignore[arg-type]  # a row is a pair

    def _one(self, statement: Any) -> RegisteredProvider | None:
        found = self._load(statement)
        return found[0] if found else None

    def _load(self, statement: Any) -> list[RegisteredProvider]:
        rows: Sequence[Provider] = self._session.scalars(statement).all()
        aliases: dict[int, list[str]] = {}
        wanted = [row.id for row in rows]
        for alias in self._session.scalars(
            select(ProviderAlias).where(ProviderAlias.provider_id.in_(wanted)).order_by(ProviderAlias.name_key)
        ):
            aliases.setdefault(alias.provider_id, []).append(alias.name)
        return [from_row(RegisteredProvider, row, aliases=tuple(aliases.get(row.id, ()))) for row in rows]


def _with_any(*ids: Select[int]) -> Select[Provider]:
    """Select the providers that any of the queries finds; a union uses an index for each query, OR does not."""
    found = union(*ids).subquery()
    return select(Provider).join(found, found.c.id == Provider.id)
