"""The facade: the program from Python."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from webautodash.config import Settings
from webautodash.domain.dates import DateOrder
from webautodash.errors import NotSetUp
from webautodash.repositories.providers import RegisteredProvider
from webautodash.services import fleet
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.progress import unheard
from webautodash.services.ingest.report import FileOutcome, IngestReport
from webautodash.services.ingest.results_folder import check_results_folder
from webautodash.services.monitor import BackgroundMonitor
from webautodash.services.paging import Listing
from webautodash.services.registry.providers import register, resolve
from webautodash.services.review import incomplete, sessions, set_aside
from webautodash.services.review.incomplete import Incomplete
from webautodash.services.review.retry_patients import RetryOutcome, accept_set_aside
from webautodash.services.review.sessions import StoredFile, TimeCorrection
from webautodash.services.review.set_aside import Waiting
from webautodash.services.review.stored_failures import StoredReviews, review_stored
from webautodash.services.statistics.current_status import Status, status
from webautodash.services.statistics.provider_statistics import Statistics, statistics
from webautodash.services.store import ProviderDatabase, Store
from webautodash.services.verify import Verification, verify


class WebAutoDash:
    """One installation, by default the one that the environment and ``webautodash.env`` describe.

    Nothing is connected or made until a method needs it. Usable as a context manager, which closes the connections.

    >>> with WebAutoDash() as webautodash:
    ...     report = webautodash.ingest()
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings if settings is not None else Settings.load()
        self._store: Store | None = None

    def ingest_file(self, path: Path | str, *, rehash: bool = False) -> FileOutcome:
        """Take one file; the same bytes twice are stored once. What is wrong with it stands in the outcome."""
        return ingest_paths(self._prepared(), [Path(path)], rehash=rehash).files[0]

    def ingest(self, paths: Sequence[Path | str] = (), *, rehash: bool = False) -> IngestReport:
        """Take files and folders, or all of the Results folder.

        A stored file with the same path, size, time of change, ctime and inode is not read unless ``rehash``.
        """
        return ingest_paths(self._prepared(), [Path(path) for path in paths], rehash=rehash)

    def register_provider(self, name: str, *, date_order: DateOrder | None = None) -> RegisteredProvider:
        """Make sure that a provider is registered and has a database at head."""
        if self._settings.accounts is None:
            return register(self._prepared(), name, date_order=date_order).provider
        # By another account than the rest.
        with Store.prepare(self._settings, schema=True) as store:
            return register(store, name, date_order=date_order).provider

    def providers(self) -> list[RegisteredProvider]:
        """Every registered provider, by slug; none where nothing was set up yet."""
        try:
            return self._opened().providers()
        except NotSetUp:
            return []

    def provider(self, name: str) -> "ProviderHandle":
        """A provider by slug, name or alias. Raises UnknownProvider with the nearest names."""
        store = self._opened()
        return ProviderHandle(store.provider_database(resolve(store, name)))

    def statistics(self, provider: str | None = None) -> Statistics:
        """Counts over all providers, or over one."""
        return statistics(self._opened(), provider)

    def set_aside(
        self, provider: str | None = None, *, reasons: Collection[str] = (), limit: int = 50, after: int | None = None
    ) -> Listing[Waiting]:
        """Patients that were not taken in, of one provider or of all, and why; ``reasons`` are the codes to list."""
        return set_aside.search(self._opened(), provider, reasons=reasons, limit=limit, after=after)

    def accept_set_aside(
        self, provider: str, set_aside_ids: Sequence[int], *, by: str, why: str
    ) -> tuple[RetryOutcome, ...]:
        """Take patients in because a person says that what their file says is true; who and why is kept.

        Raises UsageError without ``by`` or ``why``, NotFound for an unknown number.
        """
        store = self._opened()
        return accept_set_aside(store, resolve(store, provider), set_aside_ids, by=by, why=why)

    def incomplete(self, provider: str | None = None, *, limit: int = 10_000) -> Listing[Incomplete]:
        """Patients whose extraction failed and has to be repeated, with the criteria to use."""
        return incomplete.search(self._opened(), provider, limit=limit)

    def sessions(
        self, provider: str | None = None, *, limit: int = 50, after: int | None = None
    ) -> Listing[StoredFile]:
        """Ingested files in the order in which they were stored, of one provider or of all."""
        return sessions.search(self._opened(), provider, limit=limit, after=after)

    def set_session_time(
        self, provider: str, session_id: int, time: str, *, by: str, why: str, dry_run: bool = False
    ) -> TimeCorrection:
        """Give a stored session its right time, and put right what followed from the wrong one.

        Raises UsageError without ``by`` or ``why`` and for a time that is none, NotFound for an unknown number.
        """
        return sessions.set_time(self._opened(), provider, session_id, time, by=by, why=why, dry_run=dry_run)

    def review_stored(
        self, provider: str | None = None, *, by: str, why: str, dry_run: bool = False, undo: bool = False
    ) -> StoredReviews:
        """Set aside what was stored as data although it says that it failed, or put it back.

        Raises UsageError without ``by`` or ``why``.
        """
        return review_stored(self._opened(), provider, by=by, why=why, dry_run=dry_run, undo=undo)

    def verify(self, provider: str | None = None) -> Verification:
        """Whether all stored rows, or one provider's, are what they were; those that are not, by table and id."""
        return verify(self._opened(), provider)

    def monitor(
        self, interval: float = 10.0, *, workers: int = 1, on_file: Callable[[FileOutcome], None] = unheard
    ) -> BackgroundMonitor:
        """A monitor in a thread, as a context manager: `with webautodash.monitor() as monitor: monitor.status()`.

        ``interval`` in seconds, 0.2 to 86,400, else UsageError; ``on_file`` hears, in that thread, of each file that
        was taken or could not be. Raises ConfigurationError where Results is a file. What ends it is raised by
        ``status()`` and on leaving the block, such as UsageError where there is no Results folder.
        """
        check_results_folder(self._settings)
        return BackgroundMonitor(self._settings, interval=interval, workers=workers, on_file=on_file)

    def status(self) -> Status:
        """What `webautodash status` says: monitors, files, providers, the last day."""
        return status(self._opened())

    def migrate(self, provider: str | None = None, *, workers: int = 1, contract: bool = False) -> fleet.FleetReport:
        """Bring every database to head, or one; a failure is that database's result.

        ``contract`` says that revisions are meant, too, after which an older program cannot work with the database.
        """
        plan = fleet.Plan((provider,) if provider is not None else (), workers=workers, contract=contract)
        with Store.attach(self._settings) as store:
            return fleet.upgrade_all(store, plan)

    def close(self) -> None:
        """Close every connection."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()

    def _prepared(self) -> Store:
        if self._store is None:
            self._store = Store.prepare(self._settings)
        return self._store

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store.open(self._settings)
        return self._store


class ProviderHandle:
    """One provider, and units of work in their database."""

    def __init__(self, database: ProviderDatabase) -> None:
        self._database = database

    @property
    def registration(self) -> RegisteredProvider:
        """The row of the registry."""
        return self._database.provider

    def session(self) -> AbstractContextManager[Session]:
        """A unit of work for the repositories; leaving it without ``commit()`` undoes all that was done in it."""
        return self._database.session()
