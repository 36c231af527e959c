"""Processes the files of each provider in their order, with their attempts counted."""

from collections.abc import Sequence
from dataclasses import replace

from webautodash.domain.naming import letters_key
from webautodash.services.batches import in_parts
from webautodash.services.ingest.count_attempts import Attempts
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.ingest.scan import Candidate
from webautodash.services.ingest.workers import GroupWork, run_groups
from webautodash.services.store import Store

_AT_ONCE = 300


def group_by_provider(store: Store, files: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    """The files of each provider in their order; different names and folders of one provider stay together."""
    groups: dict[str, list[Candidate]] = {}
    keys = [letters_key(candidate.folder or candidate.named or "") for candidate in files]
    slugs: dict[str, str] = {}
    with store.system.reading() as work:
        for part in in_parts(dict.fromkeys(keys), _AT_ONCE):
            slugs |= work.providers.slugs_by_letters(part)
    for key, candidate in zip(keys, files, strict=True):
        groups.setdefault(slugs.get(key, key), []).append(candidate)
    return groups


def process_groups(
    store: Store,
    groups: list[list[Candidate]],
    workers: int,
    attempts: Attempts,
    work: GroupWork[Candidate, FileOutcome],
) -> None:
    """Process the files of each group in order, ``workers`` groups at a time. Raises DatabaseUnreachable."""
    attempts.set_order(groups)

    def begin(candidate: Candidate) -> None:
        work.before(candidate)
        attempts.begin(candidate)

    def done(candidate: Candidate, outcome: FileOutcome) -> None:
        work.done(candidate, attempts.end(candidate, outcome))

    run_groups(store, groups, workers, replace(work, before=begin, done=done))
