"""A person takes a file that is held."""

from datetime import datetime

from webautodash.domain.vocabulary import FileState, Level
from webautodash.errors import ACCEPTABLE_HOLDS, FutureTime, UsageError
from webautodash.models.base import utc_now
from webautodash.repositories.file_acceptances import Acceptance
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.file_states import known_path, place_of
from webautodash.services.ingest.held_files import parse_corrected_time
from webautodash.services.ingest.paths import split_root
from webautodash.services.ingest.process_file import process_accepted_file
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import candidates
from webautodash.services.review.signature import check_signature
from webautodash.services.store import Store
from webautodash.services.system_log.entries import SystemLogWriter

_KINDS = frozenset(hold.own_kind() for hold in ACCEPTABLE_HOLDS)


def accept_file(store: Store, path: str, *, by: str, why: str, extracted_at: str | None = None) -> FileOutcome:
    """Take a held file because a person says that it is right, and keep who says so, when and why.

    The acceptance is for the bytes that were held: a file that changed since is taken, or held, as any other.
    ``extracted_at`` is the right time as ISO, needed where the file's own lies in the future and refused elsewhere.
    Raises UsageError for a file that is not held, or not for a reason that can be accepted.
    """
    by, why = check_signature(by, why)
    shown = known_path(store, path)
    with store.system.reading() as work:
        row = work.ingested_files.find([shown])[shown]
    if row.state is not FileState.HELD or row.kind not in _KINDS or row.content_sha256 is None:
        raise UsageError(f"{shown} is not held for a reason that can be accepted (it is {row.state}, {row.kind})")
    acceptance = Acceptance(row.kind, _right_time(store, row.kind, extracted_at), by, utc_now())
    content = row.content_sha256

    def accept(work: SystemWork) -> None:
        work.file_acceptances.accept(shown, content, acceptance)

    found = candidates([place_of(store, shown)], store.settings.results_dir, split_root(shown)[0])[0]
    store.system.run_raced(accept)
    SystemLogWriter(store.system).record(Level.INFO, "files", "file_accepted", f"{shown}: accepted ({row.kind})")
    outcome = process_accepted_file(store, found, why)
    with FileLog(store) as view:
        view.tell(outcome, found.look)
    return outcome


def _right_time(store: Store, kind: str, given: str | None) -> datetime | None:
    if kind != FutureTime.own_kind():
        if given is not None:
            raise UsageError("--extracted-at is only for a file that is held as future_time")
        return None
    if given is None:
        raise UsageError("a file that is held as future_time needs its right time: --extracted-at")
    return parse_corrected_time(store, given)
