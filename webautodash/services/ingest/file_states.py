"""Lists file states, and lets people retry, forget or accept files that are not stored."""

import os
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path

from webautodash.domain.dates import utc_now
from webautodash.domain.decision_signature import check_signature
from webautodash.domain.file_paths import DEFAULT_ROOT, as_text, is_watched, place_of, shown_path, split_root
from webautodash.domain.vocabulary import FAILED_FILES, OPEN_FILES, FileState, Level
from webautodash.errors import ACCEPTABLE_HOLDS, FileNotWatched, FutureTime, UnknownFile, UsageError
from webautodash.repositories.file_acceptances import Acceptance
from webautodash.repositories.file_states import FileEntry, FileStateRepository
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.batches import in_parts
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.held_files import parse_corrected_time
from webautodash.services.ingest.process_file import FileProcessor
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import candidates
from webautodash.services.paging import Listing, of_one
from webautodash.services.registry import own_root, resolve_provider
from webautodash.services.store import Store
from webautodash.services.system_log import SystemLogWriter

NOT_STORED = (*OPEN_FILES, *FAILED_FILES)
"""The states of files that are not stored."""
_AT_ONCE = 500
_ACCEPTABLE = frozenset(hold.own_kind() for hold in ACCEPTABLE_HOLDS)


def search(
    store: Store,
    states: Collection[FileState],
    provider: str | None = None,
    *,
    limit: int = 50,
    after: int | None = None,
) -> Listing[FileEntry]:
    """Files in some states, or in all, in the order in which they were first seen. Raises UnknownProvider."""
    number = None if provider is None else resolve_provider(store, provider).id
    with store.system.reading() as work:
        return of_one(work.file_states.search(states, number, limit, after))


def waiting_paths(
    store: Store, states: Collection[FileState], provider: str | None = None, *, watched: bool = False
) -> list[str]:
    """The paths of all files in some states in the own root; with ``watched`` only those where new files are found.

    Files that were named to ``ingest`` and lie elsewhere belong to no root.
    """
    paths: list[str] = []
    prefix = own_root(store)
    after: int | None = None
    while True:
        page = search(store, states, provider, limit=_AT_ONCE, after=after)
        mine = [entry.path for entry in page.items if _is_of(entry.path, prefix)]
        paths += [path for path in mine if is_watched(path, prefix) or not watched]
        if not page.more:
            return paths
        after = page.items[-1].id


def retry(store: Store, paths: Sequence[str]) -> list[str]:
    """Let the monitor or the next ingest process files again. Returns their paths as the system database has them.

    Changes nothing and raises UnknownFile if one is unknown, UsageError if one belongs to another root, FileNotWatched
    if one is where new files are not looked for.
    """
    prefix = own_root(store)
    existing = _existing(store, prefix, paths)
    elsewhere = next((path for path in existing if not is_watched(path, prefix)), None)
    if elsewhere is not None:
        raise FileNotWatched(elsewhere, place_of(store.settings.results_dir, elsewhere))
    now = utc_now()
    _change(store, existing, lambda states, part: states.retry(part, now))
    _log(store, "file_retried", existing, "will be tried again")
    return existing


def forget(store: Store, paths: Sequence[str]) -> list[str]:
    """Delete the states of files that are gone, and reset those of files that exist, as if they were just found.

    What is stored of them stays stored. Raises UnknownFile or UsageError as ``retry`` does.
    """
    prefix, results = own_root(store), store.settings.results_dir
    existing = _existing(store, prefix, paths)
    # Files that are not watched would never be found again.
    found = [path for path in existing if is_watched(path, prefix) and os.path.lexists(place_of(results, path))]
    gone = sorted(set(existing).difference(found))
    now = utc_now()
    _change(store, found, lambda states, part: states.reset(part, now))
    _change(store, gone, lambda states, part: states.forget(part))
    _log(store, "file_forgotten", existing, "forgotten")
    return existing


def accept_file(store: Store, path: str, *, by: str, why: str, extracted_at: str | None = None) -> FileOutcome:
    """Store a held file because a person confirms it, and record who did, when and why.

    The acceptance is for the bytes that were held: a file that has changed since is processed like any other.
    ``extracted_at`` is the correct ISO time. It is required if the time of the file is in the future, and refused
    otherwise. Raises UsageError for a file that is not held, or not for a reason that can be accepted.
    """
    by, why = check_signature(by, why)
    [shown] = _existing(store, own_root(store), [path])
    with store.system.reading() as work:
        row = work.ingested_files.find([shown])[shown]
    if row.state is not FileState.HELD or row.kind not in _ACCEPTABLE or row.content_sha256 is None:
        raise UsageError(f"{shown} is not held for a reason that can be accepted (it is {row.state}, {row.kind})")
    acceptance = Acceptance(row.kind, _corrected_time(store, row.kind, extracted_at), by, utc_now())
    content = row.content_sha256

    def accept(work: SystemWork) -> None:
        work.file_acceptances.accept(shown, content, acceptance)

    results = store.settings.results_dir
    [found] = candidates([place_of(results, shown)], results, split_root(shown)[0])
    store.system.run_raced(accept)
    SystemLogWriter(store.system).record(Level.INFO, "files", "file_accepted", f"{shown}: accepted ({row.kind})")
    outcome = FileProcessor(store, is_settled=True, why=why)(found)
    with FileLog(store) as log:
        log.record(outcome, found.stat)
    return outcome


def _existing(store: Store, prefix: str, paths: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    with store.system.reading() as work:
        for part in in_parts(paths, _AT_ONCE):
            names = {path: _names(store, prefix, path) for path in part}
            existing = work.file_states.existing([name for each in names.values() for name in each])
            for path in part:
                name = next((name for name in names[path] if name in existing), None)
                if name is None:
                    raise UnknownFile(path)
                if not _is_of(name, prefix):
                    theirs = split_root(name)[0] or f"{DEFAULT_ROOT}://"
                    raise UsageError(
                        f"{name} is a file of another root, {theirs.removesuffix('://')}; run this command where "
                        "WEBAUTODASH_RESULTS_DIR is that root's folder"
                    )
                found[name] = None
    return list(found)


def _names(store: Store, prefix: str, path: str) -> tuple[str, ...]:
    """The paths that a person's path may mean: below Results, as text, or from the current folder."""
    shown = shown_path(Path(os.path.normpath(path)), store.settings.results_dir, prefix)
    return prefix + as_text(path), path, as_text(path), shown


def _is_of(path: str, prefix: str) -> bool:
    """Whether a file belongs to the root with this prefix, or to none."""
    return path.startswith("/") or split_root(path)[0] == prefix


def _change(store: Store, paths: Sequence[str], change: Callable[[FileStateRepository, Sequence[str]], None]) -> None:
    def transaction(work: SystemWork) -> None:
        for part in in_parts(paths, _AT_ONCE):
            change(work.file_states, part)

    store.system.run(transaction)


def _log(store: Store, event: str, paths: Sequence[str], what: str) -> None:
    if paths:
        message = f"{paths[0]}: {what}" if len(paths) == 1 else f"{len(paths)} files: {what}"
        SystemLogWriter(store.system).record(Level.INFO, "files", event, message)


def _corrected_time(store: Store, kind: str, extracted_at: str | None) -> datetime | None:
    if kind != FutureTime.own_kind():
        if extracted_at is not None:
            raise UsageError(f"extracted_at is only for a file that is held as {FutureTime.own_kind()}")
        return None
    if extracted_at is None:
        raise UsageError(f"a file that is held as {FutureTime.own_kind()} needs extracted_at, its correct time")
    return parse_corrected_time(store, extracted_at)
