"""The status of a database that follows from its revision, as a table."""

import pytest

from webautodash.domain.vocabulary import RevisionStatus
from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory

PROVIDER, SYSTEM = SchemaHistory.PROVIDER, SchemaHistory.SYSTEM
HEADS = {history: revisions.head(history) for history in SchemaHistory}


@pytest.mark.parametrize(
    ("history", "found", "target", "status", "error"),
    [
        (PROVIDER, HEADS[PROVIDER], None, RevisionStatus.CURRENT, None),
        (PROVIDER, "p0003", None, RevisionStatus.BEHIND, None),
        (PROVIDER, "p0003", "p0003", RevisionStatus.CURRENT, None),
        (PROVIDER, "p0003", "p0002", RevisionStatus.AHEAD, None),
        (PROVIDER, "p9999", None, RevisionStatus.AHEAD, "newer_than_program"),
        (PROVIDER, None, None, RevisionStatus.EMPTY, "database_empty"),
        (PROVIDER, HEADS[SYSTEM], None, RevisionStatus.FOREIGN, "not_aproviders_database"),
        (SYSTEM, HEADS[PROVIDER], None, RevisionStatus.FOREIGN, "system_database_taken"),
        (SYSTEM, "p9999", None, RevisionStatus.FOREIGN, "system_database_taken"),
        (SYSTEM, None, None, RevisionStatus.EMPTY, None),
    ],
)
def test_the_status_and_the_error_follow_from_the_revision(
    history: SchemaHistory, found: str | None, target: str | None, status: RevisionStatus, error: str | None
) -> None:
    assert revisions.revision_status(history, found, target) is status
    refused = revisions.refusal("d", history, found)
    assert (refused and refused.kind) == error


def test_a_recorded_migration_and_missing_tables_have_their_own_statuses() -> None:
    assert revisions.revision_status(PROVIDER, HEADS[PROVIDER], migrating=True) is RevisionStatus.MIGRATING
    assert revisions.revision_status(PROVIDER, None, may_be_empty=True) is RevisionStatus.BEHIND
