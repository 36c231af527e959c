"""The fleet's commands as a person types them."""

import pytest
from builders import a_file, a_patient
from shell import Shell

from webautodash.services import revisions
from webautodash.services.revisions import SchemaHistory

HEAD = revisions.head(SchemaHistory.PROVIDER)


@pytest.fixture
def fleet(shell: Shell) -> Shell:
    """Two providers."""
    for name, slug in (("Ada Ash", "ada_ash"), ("Ben Birch", "ben_birch")):
        shell.drop(a_file(a_patient("P1", name="Zoë Secret"), provider=name), folder=slug)
    assert shell("ingest").status == 0
    return shell


def test_down_needs_confirmation(fleet: Shell) -> None:
    down = ("migrate", "down", "--provider", "Ada Ash", "--to", "p0004", "--accept-loss")
    refused = fleet(*down)
    assert (refused.status, "--yes" in refused.err) == (2, True)
    done = fleet(*down, "--yes")
    assert done.status == 0
    assert done.out.splitlines()[0].split() == ["database", "from", "to", "state", "seconds"]
    assert done.out.splitlines()[1].split()[:4] == ["webautodash_ada_ash", HEAD, "p0004", "done"]


def test_up_history_resume_sql_and_check_report_the_state(fleet: Shell) -> None:
    assert fleet("migrate", "sql").out == "-- nothing would be sent\n"
    assert fleet("migrate", "down", "--provider", "ada_ash", "--to", "p0004", "--yes", "--accept-loss").status == 0

    current = fleet("migrate", "current", "--provider", "ada_ash", "--json")
    assert (current.status, current.json[0]["revision"], current.json[0]["state"]) == (1, "p0004", "behind")
    shown = fleet("migrate", "sql", "--provider", "ada_ash")
    assert shown.out.splitlines()[0].startswith(f"-- webautodash_ada_ash: p0004 to {HEAD}, sha256 ")
    assert (
        "CREATE UNIQUE INDEX uq_conflict_reviews_conflict_id_step ON conflict_reviews (conflict_id, step);" in shown.out
    )
    planned = fleet("migrate", "up", "--dry-run", "--canary", "ada_ash")
    assert planned.out.splitlines()[1].split()[:4] == ["canary", "webautodash_ada_ash", "p0004", HEAD]

    up = fleet("migrate", "up", "--workers", "2", "--wave", "50%", "--max-failures", "1", "--json")
    assert up.status == 0
    assert [(one["provider"], one["before"], one["after"], one["state"]) for one in up.json["results"]] == [
        (None, revisions.head(SchemaHistory.SYSTEM), revisions.head(SchemaHistory.SYSTEM), "done"),
        ("ben_birch", HEAD, HEAD, "done"),
        ("ada_ash", "p0004", HEAD, "done"),
    ]
    history = fleet("migrate", "history", "--json").json
    assert [(run["id"], run["kind"], run["state"], run["databases"]) for run in history] == [
        (2, "up", "done", {"done": 1}),
        (1, "down", "done", {"done": 1}),
    ]
    one = fleet("migrate", "history", "2")
    (sha256,) = [line.split()[-1] for line in one.out.splitlines() if line.startswith("webautodash_ada_ash")]
    assert shown.out.splitlines()[0].endswith(sha256)
    assert "wave: 50%" in one.out
    assert "workers: 2" in one.out
    assert fleet("migrate", "resume", "2").status == 0
    assert fleet("migrate", "check").out.splitlines() == [
        f"webautodash_{name}: no drift" for name in ("system", "ada_ash", "ben_birch")
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["up", "--provider", "ada_asj"], "ada_ash"),
        (["up", "--to", "p9999"], "p0001, p0002"),
        (["up", "--wave", "0%"], "wave"),
        (["up", "--canary", "nobody"], "'nobody'"),
        (["history", "7"], "7"),
        (["resume", "7"], "7"),
        (["sql", "--to", "x"], "'x'"),
        (["down", "--provider", "ada_ash", "--to", HEAD, "--yes"], HEAD),
        (["down", "--provider", "nobody", "--to", "p0001", "--yes"], "'nobody'"),
    ],
)
def test_what_is_not_known_is_an_error_that_says_what_is(fleet: Shell, arguments: list[str], says: str) -> None:
    done = fleet("migrate", *arguments)
    assert (done.status, done.out) == (2, "")
    assert says in done.err


def test_files_of_a_database_that_is_behind_wait_and_are_reported(fleet: Shell) -> None:
    assert fleet("migrate", "down", "--provider", "ada_ash", "--to", "p0004", "--yes", "--accept-loss").status == 0
    fleet.drop(a_file(a_patient("P2"), provider="Ada Ash", at="2025-01-01T00:00:00"), "two.json", "ada_ash")
    done = fleet("ingest")
    assert done.status == 1
    assert "blocked: ada_ash/two.json: " in done.err
    assert "[not_at_head]" in done.err
    assert "webautodash migrate up" in done.err
    assert fleet("migrate", "up").status == 0
    assert fleet("ingest").status == 0
