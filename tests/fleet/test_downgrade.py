"""Downgrades: of one database, without loss of rows unless it is allowed. The tests write future revisions."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import FLEET_SLUGS, Clinic

from webautodash.errors import BreakingRevisions, UsageError, WouldLoseRows
from webautodash.services import fleet, revisions
from webautodash.services.fleet import Plan
from webautodash.services.revisions import SchemaHistory, histories

ROOT = Path(__file__).parents[2]
HEAD = revisions.head(SchemaHistory.PROVIDER)
NICKNAME, NO_ADDRESS = (f"p{int(HEAD[1:]) + more:04}" for more in (1, 2))
_REVISION = '''"""One column.

Keeps the other columns.
"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
contract = {contract}
loses = {loses}


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''
_ADDS = _REVISION.format(
    revision=NICKNAME,
    before=HEAD,
    contract=False,
    loses=("patients.nickname",),
    up='op.add_column_if_missing("patients", sa.Column("nickname", sa.String(255)))',
    down='op.drop_column("patients", "nickname")',
)
_DROPS = _REVISION.format(
    revision=NO_ADDRESS,
    before=NICKNAME,
    contract=True,
    loses=(),
    up='op.drop_column("patients", "address")',
    down='op.add_column("patients", sa.Column("address", sa.Text()))',
)


@pytest.fixture
def to_come(clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A later version of the program: one revision adds a column, the next drops one."""
    assert clinic.store.providers()
    later = tmp_path / "later"
    shutil.copytree(ROOT / "migrations", later / "migrations")
    shutil.copy(ROOT / "alembic.ini", later)
    versions = later / "migrations/provider/versions"
    (versions / f"{NICKNAME}_nickname.py").write_text(_ADDS)
    (versions / f"{NO_ADDRESS}_no_address.py").write_text(_DROPS)
    monkeypatch.setattr(histories, "_PACKAGE", later / "webautodash")
    monkeypatch.setitem(histories.HEADS, SchemaHistory.PROVIDER, NO_ADDRESS)
    histories.script_directory.cache_clear()
    yield
    histories.script_directory.cache_clear()


@pytest.mark.usefixtures("to_come")
def test_a_revision_that_breaks_older_programs_needs_permission(clinic: Clinic) -> None:
    with pytest.raises(BreakingRevisions) as refused:
        fleet.upgrade_all(clinic.store, Plan())
    assert refused.value.before == NICKNAME
    assert [subject.partition(":")[0] for subject in refused.value.subjects] == [NO_ADDRESS]
    assert {each.revision for each in fleet.overview(clinic.store, FLEET_SLUGS)} == {HEAD}
    fleet.upgrade_all(clinic.store, Plan(to=NICKNAME))
    assert {each.revision for each in fleet.overview(clinic.store, FLEET_SLUGS)} == {NICKNAME}
    fleet.upgrade_all(clinic.store, Plan(contract=True))
    assert {each.revision for each in fleet.overview(clinic.store, FLEET_SLUGS)} == {NO_ADDRESS}
    assert {name for name in clinic.rows("patients", "ada_ash")[0] if name in {"nickname", "address"}} == {"nickname"}


@pytest.mark.usefixtures("to_come")
def test_a_downgrade_that_loses_values_is_refused_unless_allowed(clinic: Clinic) -> None:
    fleet.upgrade_all(clinic.store, Plan(to=NICKNAME))
    way = fleet.plan_downgrade(clinic.store, "ada_ash", HEAD)
    assert (way.revisions, way.losses) == ((NICKNAME,), ())
    clinic.execute("UPDATE patients SET nickname = 'x'", "ada_ash")
    way = fleet.plan_downgrade(clinic.store, "ada_ash", "p0003")
    behind = revisions.pending(SchemaHistory.PROVIDER, "p0003", NICKNAME)
    assert way.revisions == tuple(reversed(behind))
    with pytest.raises(WouldLoseRows) as refused:
        fleet.downgrade_provider(clinic.store, way)
    assert dict(refused.value.losses)["patients.nickname"] == 1
    assert revisions.current(clinic.database("ada_ash")) == NICKNAME
    result = fleet.downgrade_provider(clinic.store, way, accept_loss=True)
    assert (result.before, result.after, result.error) == (NICKNAME, "p0003", None)
    assert revisions.current(clinic.database("ada_ash")) == "p0003"
    others = {each.revision for each in fleet.overview(clinic.store, FLEET_SLUGS[1:])}
    assert others == {NICKNAME}
    run = fleet.runs(clinic.store, 1)[0]
    assert (run.kind, str(run.state), run.arguments) == ("down", "done", {"to": "p0003", "accept_loss": True})


def test_a_downgrade_to_a_revision_that_is_not_earlier_is_refused(clinic: Clinic) -> None:
    for revision in (HEAD, "p9999"):
        with pytest.raises(UsageError, match=revision):
            fleet.plan_downgrade(clinic.store, "ada_ash", revision)


def test_down_and_up_again_is_the_schema_of_before(clinic: Clinic) -> None:
    before = clinic.rows("patients", "ada_ash")
    way = fleet.plan_downgrade(clinic.store, "ada_ash", "p0001")
    fleet.downgrade_provider(clinic.store, way, accept_loss=True)
    fleet.upgrade_all(clinic.store, Plan())
    assert [report.differences for report in fleet.check_all(clinic.store, ["ada_ash"])] == [()]
    assert clinic.rows("patients", "ada_ash") == before
