"""One question to one provider's database, or to everybody's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import (
    DatabaseBusy,
    DatabaseMissing,
    NotAtHead,
    Remedy,
    WebAutoDashError,
    WrongDatabase,
)
from webautodash.repositories.paging import Page
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A provider whose database could not be asked, and why."""

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
        """The provider, with the error's text."""
        return cls(
            provider.slug, provider.name, provider.database_name, str(error), error.kind, getattr(error, "remedy", None)
        )


def problems_of(provider: RegisteredProvider, error: WebAutoDashError) -> list[Unreadable]:
    """What an error means for a question to everybody: nothing where the provider's registration is under way.

    Such a database has no rows yet. ``webautodash doctor`` names a registration that was interrupted.
    """
    if provider.status is ProviderStatus.REGISTERING and _says_unfinished(error):
        return []
    return [Unreadable.because(provider, error)]


def _says_unfinished(error: WebAutoDashError) -> bool:
    """Whether a database is not there, lacks tables, is being changed, or does not say yet whose it is."""
    if isinstance(error, WrongDatabase):
        return error.found is None
    return isinstance(error, DatabaseMissing | NotAtHead | DatabaseBusy)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A part of an answer; ``next`` is what to continue after, for one provider only."""

    items: tuple[T, ...]
    next: str | int | None
    more: bool
    problems: tuple[Unreadable, ...]


def of_one(page: Page[T]) -> Listing[T]:
    """The answer of one provider's database."""
    return Listing(page.items, page.next, page.next is not None, ())


def of_all(store: Store, ask: Callable[[str, int], Page[T]], limit: int) -> Listing[T]:
    """The answers of all providers, by slug, ``limit`` items in all; ``ask`` takes a slug and a limit.

    A database that cannot be read is listed as a problem and stops nothing.
    """
    items: list[T] = []
    problems: list[Unreadable] = []
    more = False
    for provider in store.providers():
        try:
            # One item is asked for even when there is room for none: it tells whether there is more.
            page = ask(provider.slug, max(limit - len(items), 1))
        except WebAutoDashError as error:
            problems += problems_of(provider, error)
            continue
        room = limit - len(items)
        more = more or page.next is not None or len(page.items) > room
        items.extend(page.items[:room])
    return Listing(tuple(items), None, more, tuple(problems))
