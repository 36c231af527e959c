"""What a monitor sees beside files that somebody should know, and the sending of all alerts."""

import time
from contextlib import suppress
from threading import Event, Thread

from sqlalchemy.orm import Session

from webautodash.domain.alerts import Cause
from webautodash.domain.vocabulary import MonitorState, ProviderStatus
from webautodash.errors import WebAutoDashError
from webautodash.models.base import utc_now
from webautodash.services import fleet, migrate
from webautodash.services.alerts import deliver_due, monitor_silent, provider_behind, raise_alerts
from webautodash.services.migrate import History
from webautodash.services.monitor.presence import Presence
from webautodash.services.store import Store

# How often databases are looked at, each with a look of its own.
_ROUND_SECONDS = 300.0


class Alarms:
    """Looks around and sends, in a thread of its own: a mail server that does not answer holds up no file."""

    def __init__(self, store: Store, presence: Presence, interval: float) -> None:
        self._store, self._presence = store, presence
        self._pause = max(1.0, min(interval, 10.0))
        self._last_round: float | None = None
        self._ended = Event()
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Do it again and again."""
        self._thread = Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def end(self, patience_seconds: float = 1.0) -> None:
        """Do it no more. What is being sent at this moment is sent again by the next monitor if it does not arrive."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(patience_seconds)

    def once(self) -> None:
        """Raise what there is to be raised, and send what is due. What stands in the way does so the next time, too."""
        with suppress(WebAutoDashError):
            self._look_around()
        with suppress(WebAutoDashError):
            deliver_due(self._store)

    def _run(self) -> None:
        while True:
            self.once()
            if self._ended.wait(self._pause):
                return

    def _look_around(self) -> None:
        causes = self._silent()
        if self._last_round is None or time.monotonic() - self._last_round >= _ROUND_SECONDS:
            causes += self._behind()
            self._last_round = time.monotonic()
        if causes:

            def work(session: Session) -> None:
                raise_alerts(session, self._store.settings, causes, utc_now())

            self._store.system.run(work)

    def _silent(self) -> list[Cause]:
        others = self._presence.others()
        gone = [one for one in others if one.silent or one.state is MonitorState.LOST]
        return [monitor_silent(one.id, one.host, one.pid, one.heartbeat_at) for one in gone]

    def _behind(self) -> list[Cause]:
        if fleet.is_at_work(self._store):
            # Who is behind now will not be for long; the next round tells who is left.
            return []
        # First: who is active by now was at head before; one whose registration is on its way is not looked at.
        active = [provider for provider in self._store.providers() if provider.status is ProviderStatus.ACTIVE]
        behind = {
            one.provider: one.revision for one in fleet.overview(self._store) if one.state is fleet.Standing.BEHIND
        }
        return [
            provider_behind(provider, revision, migrate.head(History.PROVIDER))
            for provider in active
            if (revision := behind.get(provider.slug)) is not None
        ]
