"""Every command names the one cure for a database that is not, or not completely, adopted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from builders import Clinic, a_file
from legacy_database import Legacy, LegacyDatabase
from legacy_files import a_person

from webautodash.cli.doctor_cures import cure_of
from webautodash.errors import MadeByEarlierScripts
from webautodash.services.adopt import adopt, adopt_database
from webautodash.services.doctor.databases import provider_databases
from webautodash.services.registry import register
from webautodash.services.verify import verify


@pytest.fixture
def database(legacy: Legacy) -> LegacyDatabase:
    made = legacy("gary_wang")
    made.take(a_file(a_person(1)))
    return made


def _untouched(_clinic: Clinic, _name: str, _monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has used the database."""


def _after_ingest(clinic: Clinic, _name: str, _monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.ingest(a_file(a_person(2)), name="new.json")


def _interrupted(step: str) -> Callable[[Clinic, str, pytest.MonkeyPatch], None]:
    def interrupt(clinic: Clinic, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(f"{adopt_database.__name__}.{step}", stop)
            with pytest.raises(KeyboardInterrupt):
                adopt(clinic.store, name)

    return interrupt


@pytest.mark.parametrize(
    "state",
    [_untouched, _after_ingest, _interrupted("revisions.upgrade"), _interrupted("copy")],
    ids=["untouched", "after ingest", "renamed", "not copied"],
)
def test_the_cure_is_to_adopt(
    clinic: Clinic,
    database: LegacyDatabase,
    monkeypatch: pytest.MonkeyPatch,
    state: Callable[[Clinic, str, pytest.MonkeyPatch], None],
) -> None:
    state(clinic, database.name, monkeypatch)
    [finding] = [one for one in provider_databases(clinic.store) if one.severity != "ok"]
    assert (finding.code, finding.subject) == ("database.unadopted", database.name)
    assert cure_of(finding) == f"webautodash provider adopt {database.name}"
    if clinic.store.providers():
        assert {one.kind for one in verify(clinic.store).problems} == {"made_by_earlier_scripts"}
    assert clinic.ingest(a_file(a_person(3)), name="other.json").kind == "made_by_earlier_scripts"
    with pytest.raises(MadeByEarlierScripts):
        register(clinic.store, "Gary Wang")
    adopt(clinic.store, database.name)
    assert [one for one in provider_databases(clinic.store) if one.severity != "ok"] == []


def test_nobody_advises_to_adopt_the_earlier_registry(clinic: Clinic, legacy: Legacy) -> None:
    made = legacy("old_system", is_made=False)
    made.run(f"CREATE DATABASE `{made.name}`")
    made.run(f"CREATE TABLE `{made.name}`.providers (id INT PRIMARY KEY, sanitized_name VARCHAR(100))")
    [finding] = [one for one in provider_databases(clinic.store) if one.subject == made.name]
    assert (finding.code, finding.severity, cure_of(finding)) == ("database.earlier_registry", "info", None)
