"""The registry: which providers there are, under which names, and whose folder is whose."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, case, select, union, update
from sqlalchemy.orm import Session

from webautodash.domain.dates import DateOrder
from webautodash.domain.lookalikes import look_alike
from webautodash.domain.naming import letters_key, same_name_key
from webautodash.domain.vocabulary import ProviderStatus, Severity
from webautodash.models import Provider, ProviderAlias
from webautodash.repositories.sessions import DatabaseCounts, LastSession, Totals

_OPEN = {severity: f"open_{severity}" for severity in Severity}
"""The columns of the conflicts that wait."""


@dataclass(frozen=True, slots=True)
class RegisteredProvider:
    """One row of the registry."""

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


class ProviderRepository:
    """Rows of ``providers`` and ``provider_aliases``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self) -> list[RegisteredProvider]:
        """Every provider, by slug."""
        return self._load(select(Provider).order_by(Provider.slug))

    def by_slug(self, slug: str) -> RegisteredProvider | None:
        """The provider with exactly this slug."""
        return self._one(select(Provider).where(Provider.slug == slug))

    def by_name(self, name: str) -> RegisteredProvider | None:
        """The provider of this name, or of this alias; case and white space do not count."""
        key = same_name_key(name)
        own = select(Provider.id).where(Provider.name_key == key)
        aliased = select(ProviderAlias.provider_id).where(ProviderAlias.name_key == key)
        return self._one(_of(own, aliased))

    def by_letters(self, text: str) -> list[RegisteredProvider]:
        """The providers with the same letters and digits in their name, slug or an alias; a folder's owner."""
        key = letters_key(text)
        own = select(Provider.id).where(Provider.letters_key == key)
        slugged = select(Provider.id).where(Provider.slug == text)
        aliased = select(ProviderAlias.provider_id).where(ProviderAlias.letters_key == key)
        return self._load(_of(own, slugged, aliased).order_by(Provider.slug))

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
        """The providers whose name, or an alias, looks like a name and is not the same.

        All are looked at, for no column says it: not for a name that is known.
        """
        named = [*self._session.execute(select(Provider.id, Provider.name))]
        named += self._session.execute(select(ProviderAlias.provider_id, ProviderAlias.name))
        key = same_name_key(name)
        alike = {number for number, theirs in named if look_alike(name, theirs) and same_name_key(theirs) != key}
        return self._load(select(Provider).where(Provider.id.in_(alike)).order_by(Provider.slug)) if alike else []

    def add(self, provider: ProviderIdentity, database_name: str, status: ProviderStatus) -> RegisteredProvider:
        """Add a provider with its aliases; the row is locked until the transaction ends. Raises DuplicateKey."""
        row = Provider(
            identity=provider.identity,
            name=provider.name,
            name_key=same_name_key(provider.name),
            letters_key=letters_key(provider.name),
            slug=provider.slug,
            folder=provider.folder,
            database_name=database_name,
            date_order=provider.date_order,
            status=status,
        )
        self._session.add(row)
        self._session.flush()
        for alias in provider.aliases:
            self.add_alias(row.id, alias)
        [added] = self._load(select(Provider).where(Provider.id == row.id))
        return added

    def add_alias(self, provider_id: int, name: str) -> None:
        """Another name for a provider."""
        self._session.add(
            ProviderAlias(
                provider_id=provider_id, name=name, name_key=same_name_key(name), letters_key=letters_key(name)
            )
        )
        self._session.flush()

    def set_status(self, provider_id: int, status: ProviderStatus) -> None:
        """Say how far a registration is."""
        self._session.execute(update(Provider).where(Provider.id == provider_id).values(status=status))

    def set_totals(self, provider_id: int, totals: Totals) -> None:
        """Replace the counters with what the provider's own database says; lost decisions stay known."""
        values = asdict(totals)
        fewer = Provider.total_reviews > totals.total_reviews
        values["total_reviews"] = case((fewer, Provider.total_reviews), else_=totals.total_reviews)
        for severity, number in values.pop("open_conflicts").items():
            values[_OPEN[severity]] = number
        self._session.execute(update(Provider).where(Provider.id == provider_id).values(**values))

    def open_conflicts(self) -> dict[int, dict[Severity, int]]:
        """How many conflicts wait for a person, by each severity; a provider whose were not counted yet is left out."""
        rows = self._session.execute(select(Provider.id, *(getattr(Provider, column) for column in _OPEN.values())))
        return {number: dict(zip(_OPEN, counts, strict=True)) for number, *counts in rows if None not in counts}

    def last_sessions(self) -> dict[int, LastSession]:
        """The newest session that was recorded of each provider; without those of whom none was."""
        columns = (Provider.id, Provider.last_session_id, Provider.last_session_sha256)
        rows = self._session.execute(select(*columns).where(Provider.last_session_id.is_not(None)))
        return {number: LastSession(last, sha256) for number, last, sha256 in rows if last and sha256}

    def recorded_counts(self) -> dict[int, DatabaseCounts]:
        """What is recorded here of each provider's database."""
        waiting, last = self.open_conflicts(), self.last_sessions()
        rows = self._session.execute(select(Provider.id, Provider.total_sessions))
        return {
            number: DatabaseCounts(sessions, _sum(waiting.get(number)), last.get(number)) for number, sessions in rows
        }

    def recorded_decisions(self) -> dict[int, int]:
        """The most decisions of people that each provider's database was seen with; without those not counted yet."""
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
        return [
            RegisteredProvider(
                id=row.id,
                identity=row.identity,
                name=row.name,
                slug=row.slug,
                folder=row.folder,
                database_name=row.database_name,
                date_order=DateOrder(row.date_order),
                status=ProviderStatus(row.status),
                aliases=tuple(aliases.get(row.id, ())),
                total_patients=row.total_patients,
                total_extractions=row.total_extractions,
                total_sessions=row.total_sessions,
                total_conflicts=row.total_conflicts,
                last_extraction=row.last_extraction,
                created_at=row.created_at,
            )
            for row in rows
        ]


def _sum(waiting: dict[Severity, int] | None) -> int | None:
    return None if waiting is None else sum(waiting.values())


def _of(*ids: Select[int]) -> Select[Provider]:
    """The providers whose ids any of the look-ups finds; each by its own index, which OR would not use."""
    found = union(*ids).subquery()
    return select(Provider).join(found, found.c.id == Provider.id)
