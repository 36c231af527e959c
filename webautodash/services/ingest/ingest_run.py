"""Extraction files into rows: each file once, whole or not at all, and what became of it said."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from webautodash.services.ingest.count_attempts import Attempts
from webautodash.services.ingest.file_log import FileLog
from webautodash.services.ingest.order import Order
from webautodash.services.ingest.process_file import by_provider, process_file, process_groups, process_settled_file
from webautodash.services.ingest.progress import Meter, Progress
from webautodash.services.ingest.report import FileOutcome, FileResult, IngestReport
from webautodash.services.ingest.results_folder import check_results_folder
from webautodash.services.ingest.scan import Candidate, each_candidate, look_at
from webautodash.services.ingest.skip_known import skip_known
from webautodash.services.registry.roots import root_of_paths
from webautodash.services.store import Store

# The system database's, the server's own, and some to spare.
_OTHER_CONNECTIONS = 5


def ingest_paths(
    store: Store,
    paths: Sequence[Path] = (),
    *,
    workers: int = 1,
    rehash: bool = False,
    on_file: Callable[[FileOutcome], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Take files and folders, or all of Results; ``on_file`` hears of each as it is done, ``on_progress`` more often.

    A file that is stored and looks as it did then is not opened, unless it is named itself or ``rehash`` asks for it.
    With more than one of ``workers`` different providers go at once, each in a process. A file that seems cut short is
    looked at once more, after ``settle_seconds``: it may be still in the making.
    Raises DatabaseUnreachable, and ConfigurationError where Results is no folder; everything that is wrong with one
    file is that file's outcome.
    """
    if not paths:
        check_results_folder(store.settings)
    outcomes: list[FileOutcome] = []
    unfinished: list[Candidate] = []
    store.owners.clear()

    def done(candidate: Candidate, outcome: FileOutcome) -> None:
        outcomes.append(outcome)
        if on_file is not None:
            on_file(outcome)
        meter.file(candidate, outcome)

    def known(candidate: Candidate, outcome: FileOutcome) -> None:
        meter.begin([candidate])
        done(candidate, outcome)

    def looked(candidate: Candidate, outcome: FileOutcome) -> None:
        if outcome.state is FileResult.WAITING:
            unfinished.append(candidate)
        else:
            view.tell(outcome, candidate.look)
            done(candidate, outcome)

    root = root_of_paths(store, paths)
    found = each_candidate(paths, store.settings.results_dir, root.prefix)
    meter = Meter(on_progress)
    with Attempts(store, view := FileLog(store)) as attempts, view:
        if rehash:
            files = list(found)
        else:
            files, miscounted = skip_known(store, found, known)
            for provider in miscounted:
                view.recount(provider)
            # Before anything is stored: what is missing from a database is to be seen now.
            view.flush()
        meter.begin(files)
        for candidate, outcome in attempts.expect(files):
            files.remove(candidate)
            looked(candidate, outcome)
        order = Order(store.settings.zone, store.time_limit, store.settings.max_file_size)
        files = order.of(files, attempts.may_be_opened)
        groups = list(by_provider(store, files).values())
        if workers == 1 and len(groups) <= store.settings.max_connections - _OTHER_CONNECTIONS:
            # In one order over all providers, unless a file would then find its database closed for the others'.
            groups = [list(files)]
        files.clear()
        process_groups(
            store,
            groups,
            workers,
            looked,
            attempts,
            on_batch=meter.batch,
            before=lambda candidate: view.keep_up(ahead=candidate.size),
            meanwhile=view.keep_up,
        )
        if unfinished:
            view.flush()
            time.sleep(store.settings.settle_seconds)
            for candidate in unfinished:
                take = process_settled_file if look_at(candidate.path) == candidate.look else process_file
                attempts.begin(candidate)
                outcome = attempts.end(candidate, take(store, candidate, partial(meter.batch, candidate)))
                view.tell(outcome, candidate.look)
                done(candidate, outcome)
    return IngestReport(tuple(outcomes))
