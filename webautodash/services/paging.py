"""Queries one provider's database, or all of them, a page at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import (
    DatabaseBusy,
    DatabaseMissing,
    NotAtHead,
    Remedy,
    UsageError,
    WebAutoDashError,
    WrongDatabase,
)
from webautodash.repositories.paging import Page
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.registry import resolve_provider
from webautodash.services.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A provider whose database could not be queried, and why."""

    slug: str
    name: str
    database_name: str
    problem: str
    kind: str
    """The error's kind."""
    remedy: Remedy | None = None
    """What a command can do about it."""

    @classmethod
    def because(cls, provider: RegisteredProvider, error: WebAutoDashError) -> "Unreadable":
        """The provider with the text and kind of the error."""
        remedy = getattr(error, "remedy", None)
        return cls(provider.slug, provider.name, provider.database_name, str(error), error.kind, remedy)


def problems_of(provider: RegisteredProvider, error: WebAutoDashError) -> list[Unreadable]:
    """The problem that an error is for a query of all providers; none while the provider is being registered.

    Such a database has no rows yet. The doctor reports registrations that were interrupted.
    """
    if provider.status is ProviderStatus.REGISTERING and _is_unfinished(error):
        return []
    return [Unreadable.because(provider, error)]


def _is_unfinished(error: WebAutoDashError) -> bool:
    """Whether a database is missing, lacks tables, is being changed, or has no identity yet."""
    if isinstance(error, WrongDatabase):
        return error.found is None
    return isinstance(error, DatabaseMissing | NotAtHead | DatabaseBusy)


def chosen_providers(store: Store, provider: str | None) -> list[RegisteredProvider]:
    """One provider, or all of them by slug. Raises UnknownProvider."""
    return store.providers() if provider is None else [resolve_provider(store, provider)]


def read_each(
    providers: Iterable[RegisteredProvider], read: Callable[[RegisteredProvider], T]
) -> tuple[list[T], list[Unreadable]]:
    """Call ``read`` for each provider. A database that cannot be read is a problem and does not stop the others."""
    results: list[T] = []
    problems: list[Unreadable] = []
    for one in providers:
        try:
            results.append(read(one))
        except WebAutoDashError as error:
            problems += problems_of(one, error)
    return results, problems


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of items; ``next`` is where to continue, for one provider only."""

    items: tuple[T, ...]
    next: str | int | None
    more: bool
    problems: tuple[Unreadable, ...]


def of_one(page: Page[T]) -> Listing[T]:
    """A page from one provider's database."""
    return Listing(page.items, page.next, page.next is not None, ())


def list_rows(
    store: Store,
    provider: str | None,
    query: Callable[[ProviderWork, RegisteredProvider, int], Page[T]],
    *,
    limit: int,
    after: int | None = None,
) -> Listing[T]:
    """List rows of one provider, or of all providers by slug; ``query`` takes the number of rows to return.

    With all providers, a database that cannot be read is listed as a problem and does not stop the others.
    Raises UsageError for ``after`` without a provider, UnknownProvider.
    """

    def ask(one: RegisteredProvider, most: int) -> Page[T]:
        with store.provider_database(one).reading() as work:
            return query(work, one, most)

    if provider is not None:
        return of_one(ask(resolve_provider(store, provider), limit))
    if after is not None:
        raise UsageError("a number to continue after needs the provider that it belongs to")
    items: list[T] = []
    problems: list[Unreadable] = []
    more = False
    for one in store.providers():
        try:
            # At least one item, even if there is no room for it: it shows whether there are more.
            page = ask(one, max(limit - len(items), 1))
        except WebAutoDashError as error:
            problems += problems_of(one, error)
            continue
        room = limit - len(items)
        more = more or page.next is not None or len(page.items) > room
        items.extend(page.items[:room])
    return Listing(tuple(items), None, more, tuple(problems))
