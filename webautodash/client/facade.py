"""The facade: everything that the command line does, from Python."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from webautodash.client.installation import Installation
from webautodash.errors import NotSetUp

# Everything else is imported when it is first used: most of the time of a short command is the time of its imports.
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date
    from types import TracebackType

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.orm import Session

    from webautodash.client.alerts import Alerts
    from webautodash.client.conflicts import Conflicts
    from webautodash.client.doctor import Doctor
    from webautodash.client.extraction_sessions import ExtractionSessions
    from webautodash.client.files import Files
    from webautodash.client.fleet import Fleet, FleetReport
    from webautodash.client.ingest import FileOutcome, IngestOptions, IngestReport
    from webautodash.client.log import Log
    from webautodash.client.metrics import Metrics
    from webautodash.client.monitor import BackgroundMonitor, MonitorEvents, MonitorLoop
    from webautodash.client.patients import Patients
    from webautodash.client.profiles import Profiles
    from webautodash.client.registry import RegisteredProvider, Registry
    from webautodash.client.reports import (
        Coverage,
        Incomplete,
        Listing,
        OnExtractions,
        Statistics,
        Status,
        Verification,
    )
    from webautodash.client.roots import Roots
    from webautodash.client.set_aside_patients import SetAsidePatients
    from webautodash.client.setup import Setup
    from webautodash.config import Settings
    from webautodash.domain.dates import DateOrder
    from webautodash.repositories.unit_of_work import ProviderWork
    from webautodash.services.store import ProviderDatabase


G = TypeVar("G")


class _Group(Generic[G]):
    """Attribute of the facade: a group of methods, whose module is imported when it is first used."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, facade: WebAutoDash, owner: type) -> G:
        module = import_module(f"webautodash.client.{self._name}")
        group: G = getattr(module, self._kind)(facade._installation)  # noqa: SLF001  # a part of the facade's class
        # The facade's own attribute of the same name is found before this one.
        facade.__dict__[self._name] = group
        return group


class WebAutoDash:
    """One installation, by default the one that the environment and ``webautodash.env`` describe.

    Nothing is connected or created until a method needs it. As a context manager it closes its connections:

        with WebAutoDash() as webautodash:
            report = webautodash.ingest()

    ``unattended`` is for programs that do not wait between two statements: a server may then end an idle connection
    early.
    """

    setup: _Group[Setup] = _Group("Setup")
    """The first start: check, create, register, ingest."""
    files: _Group[Files] = _Group("Files")
    """Files that are not stored: list, retry, forget, accept."""
    roots: _Group[Roots] = _Group("Roots")
    """Results folders: list, add, move, remove."""
    extraction_sessions: _Group[ExtractionSessions] = _Group("ExtractionSessions")
    """Ingested files: list, show, correct a time."""
    profiles: _Group[Profiles] = _Group("Profiles")
    """How files of other portals are read: list, show, test, draft."""
    registry: _Group[Registry] = _Group("Registry")
    """Providers: list, find, register, alias, adopt, grant accounts."""
    patients: _Group[Patients] = _Group("Patients")
    """Patients: list, show, history."""
    conflicts: _Group[Conflicts] = _Group("Conflicts")
    """Recorded differences: list, show, resolve."""
    set_aside_patients: _Group[SetAsidePatients] = _Group("SetAsidePatients")
    """Set-aside patients: list, show, retry, accept, review what was stored."""
    alerts: _Group[Alerts] = _Group("Alerts")
    """Alerts: test, list, send, retry, forget."""
    log: _Group[Log] = _Group("Log")
    """The system log: list, follow, prune."""
    metrics: _Group[Metrics] = _Group("Metrics")
    """Figures for Prometheus."""
    fleet: _Group[Fleet] = _Group("Fleet")
    """Schemas of all databases: upgrade, resume, history, check, downgrade."""
    doctor: _Group[Doctor] = _Group("Doctor")
    """Checks that change nothing."""

    def __init__(self, settings: Settings | None = None, *, unattended: bool = False) -> None:
        from webautodash.config import Settings

        self._settings = settings if settings is not None else Settings.load()
        self._installation = Installation(self._settings, unattended=unattended)

    @property
    def settings(self) -> Settings:
        """The settings of this installation."""
        return self._settings

    def ingest_file(self, path: Path | str, *, rehash: bool = False) -> FileOutcome:
        """Ingest one file; the same bytes are stored once. A problem with the file is in the outcome."""
        return self.ingest([path], rehash=rehash).files[0]

    def ingest(
        self, paths: Sequence[Path | str] = (), *, rehash: bool = False, options: IngestOptions | None = None
    ) -> IngestReport:
        """Ingest files and folders, by default the Results folder.

        A stored file with the same path, size, modification time, ctime and inode is not read unless ``rehash``.
        ``options`` sets the number of processes and the functions to call during the ingest.
        """
        from webautodash.client.ingest import IngestOptions
        from webautodash.services.ingest import ingest_paths

        chosen = options or IngestOptions()
        return ingest_paths(
            self._installation.prepared(),
            [Path(path) for path in paths],
            workers=chosen.workers,
            rehash=rehash,
            on_file=chosen.on_file,
            on_progress=chosen.on_progress,
        )

    def register_provider(self, name: str, *, date_order: DateOrder | None = None) -> RegisteredProvider:
        """Register a provider and create the database, unless both exist."""
        return self.registry.register(name, date_order=date_order).provider

    def providers(self) -> list[RegisteredProvider]:
        """Return every registered provider, by slug; an empty list before the first setup."""
        try:
            return self.registry.all()
        except NotSetUp:
            return []

    def provider(self, name: str) -> ProviderHandle:
        """Return a provider by slug, name or alias. Raises UnknownProvider with the nearest names."""
        return ProviderHandle(self._installation.opened().provider_database(self.registry.find(name)))

    def statistics(self, provider: str | None = None) -> Statistics:
        """Count what is stored, of all providers or of one."""
        from webautodash.services.statistics import statistics

        return statistics(self._installation.opened(), provider)

    def incomplete(self, provider: str | None = None, *, limit: int = 10_000) -> Listing[Incomplete]:
        """List patients whose extraction failed and must be repeated, with the criteria to use."""
        from webautodash.services.review import set_aside

        return set_aside.search_incomplete(self._installation.opened(), provider, limit=limit)

    def coverage(
        self, provider: str, medication: str, start_date: date, end_date: date, *, prns: Sequence[str] = ()
    ) -> Coverage:
        """Report which of the days from ``start_date`` to ``end_date`` no session for a medication covers.

        With ``prns``, a session counts only with a complete extraction of these patients.
        """
        from webautodash.domain.coverage import DayRange
        from webautodash.services.coverage import coverage

        return coverage(self._installation.opened(), provider, medication, DayRange(start_date, end_date), prns)

    def verify(self, provider: str | None = None, *, on_extractions: OnExtractions | None = None) -> Verification:
        """Compare all stored rows, or one provider's, with their checks; differences are named by table and id.

        ``on_extractions`` gets the slug, the number of checked extractions, and the number of all.
        """
        from webautodash.services.verify import verify

        return verify(self._installation.opened(), provider, *(() if on_extractions is None else (on_extractions,)))

    def monitor(
        self, interval: float = 10.0, *, workers: int = 1, on_file: Callable[[FileOutcome], None] | None = None
    ) -> BackgroundMonitor:
        """A monitor in a thread, with ``start`` and ``stop``; a ``with`` block calls both.

        ``interval`` is in seconds, 0.2 to 86,400, else UsageError. ``on_file`` is called in that thread for each file
        that was stored or failed. Raises ConfigurationError where Results is a file. An error that ends the monitor is
        raised by ``status()``, by ``stop()`` and at the end of the block, such as UsageError where there is no Results
        folder.
        """
        from webautodash.client.monitor import BackgroundMonitor, MonitorEvents

        events = MonitorEvents() if on_file is None else MonitorEvents(on_file)
        return BackgroundMonitor(self._settings, interval, workers, events)

    def foreground_monitor(
        self, interval: float = 10.0, *, workers: int = 1, events: MonitorEvents | None = None
    ) -> AbstractContextManager[MonitorLoop]:
        """A monitor for this thread, as a context manager: ``run`` or ``run_once`` in the block; ``stop`` ends it.

        Raises UsageError and ConfigurationError as ``monitor`` does.
        """
        from webautodash.client.monitor import MonitorEvents, watching

        return watching(self._settings, interval, workers, events or MonitorEvents())

    def status(self) -> Status:
        """Report monitors, files, providers and the last 24 hours."""
        from webautodash.services.statistics import status

        return status(self._installation.opened())

    def migrate(self, provider: str | None = None, *, workers: int = 1, contract: bool = False) -> FleetReport:
        """Migrate every database, or one: ``fleet.upgrade``.

        ``contract`` includes breaking revisions, after which an older program cannot work with the database.
        """
        from webautodash.client.fleet import Plan

        return self.fleet.upgrade(Plan((provider,) if provider is not None else (), workers=workers, contract=contract))

    def close(self) -> None:
        """Close every connection."""
        self._installation.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.close()


class ProviderHandle:
    """One provider, and units of work in the provider's database."""

    def __init__(self, database: ProviderDatabase) -> None:
        self._database = database

    @property
    def registration(self) -> RegisteredProvider:
        """The row of the registry."""
        return self._database.provider

    def unit_of_work(self) -> AbstractContextManager[ProviderWork]:
        """A unit of work with the repositories. What is not committed is undone when the block ends."""
        return self._database.unit_of_work()

    def session(self) -> AbstractContextManager[Session]:
        """A session for the repositories; leaving the block without ``commit()`` undoes all that was done in it."""
        return self._database.database.session()

    def dbapi_connection(self) -> AbstractContextManager[DBAPIConnection]:
        """A connection of the database driver (DBAPI) to the provider's database; it refuses to write.

        It is closed when the block ends. Its errors are the driver's, and may quote values.
        """
        return self._database.database.dbapi_connection()
