"""What is wrong with a file, and what happens then; whose a file is."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.cli.hints import explain_file
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.document import Document
from webautodash.domain.naming import letters_key
from webautodash.errors import (
    DatabaseBusy,
    NewerThanProgram,
    NotAtHead,
    ProviderNameTaken,
    StillBeingWritten,
    UnknownProvider,
    UsageError,
    WrongDatabase,
)
from webautodash.services.ingest import process_file
from webautodash.services.ingest.ingest_run import ingest_paths
from webautodash.services.ingest.report import FileOutcome
from webautodash.services.registry.aliases import add_alias
from webautodash.services.registry.register import register
from webautodash.services.registry.resolve import resolve_provider
from webautodash.services.revisions import SchemaHistory, upgrade

TWICE = "an object has the same key twice"
SECRET = "Zyxwvut"


def _whole(marker: str = SECRET) -> bytes:
    patient = a_patient(marker, name=marker, medications=[marker])
    return json.dumps(a_file(patient), indent=1).encode()


# By why; the others are malformed.
KINDS = {
    "empty": "empty",
    "not UTF-8": "not_utf8",
    "ends in the middle": "cut_short",
    TWICE: "duplicate_key",
}


@pytest.mark.parametrize(
    ("content", "where", "why"),
    [
        (b"", "line 1, column 1", "empty"),
        (_whole()[:-20], "line ", "ends in the middle"),
        (_whole().replace(b'"Test', b"'Test").replace(b'"age"', b"age"), "line 21, column 5", "malformed"),
        (_whole().replace(SECRET.encode(), b"Jos\xe9", 1), "line ", "not UTF-8"),
        (json.dumps(a_file(a_patient(SECRET))).encode("utf-16"), "line 1, column 1", "not UTF-8"),
        (b"[1, 2]", "$", "no list of patients"),
        (b'{"extraction_results": []}', "$", "no list of patients"),
        (b'{"extraction_metadata": {}}', "$", "no list of patients"),
        (b'{"extraction_metadata": {}, "extraction_results": {"a": 1}}', "$.extraction_results", "no list of patients"),
        (b'{"extraction_metadata": [], "extraction_results": []}', "$.extraction_metadata", "Expected `object`"),
        (_whole() + b"x", "line ", "trailing"),
        (b"<html>", "line 1, column 1", "malformed"),
        (_whole()[:-1] + b',"extraction_results":[]}', "line ", TWICE),
        (_whole().replace(b'"job_id"', b'"job_name":1,"job_id"'), "line 4, column 3", TWICE),
    ],
    ids=["empty", "cut short", "syntax", "latin-1", "utf-16", "array", "no metadata", "no results", "results no list",
         "metadata no object", "trailing", "html", "results twice", "metadata twice"],
)  # fmt: skip
def test_a_bad_file_is_rejected_whole_with_place_and_reason(
    clinic: Clinic, content: bytes, where: str, why: str
) -> None:
    register(clinic.store, "Gary Wang")
    outcome = clinic.ingest(content, name="bad.json")
    assert outcome.state == "rejected"
    assert outcome.reason is not None
    assert outcome.reason.startswith(where)
    assert why in outcome.reason
    assert outcome.kind == KINDS.get(why, "malformed")
    assert SECRET not in outcome.reason
    assert clinic.count("extraction_sessions") == 0
    [row] = clinic.system_rows("ingested_files")
    assert (row["state"], row["reason"]) == ("rejected", outcome.reason)
    assert [entry["event"] for entry in clinic.system_rows("system_logs") if entry["level"] == "ERROR"] == [
        "file_rejected"
    ]


def test_a_bad_file_does_not_stop_the_others(clinic: Clinic) -> None:
    clinic.drop(b"{", name="a.json")
    clinic.drop(a_file(a_patient("GW1")), name="b.json")
    report = ingest_paths(clinic.store)
    assert {outcome.path: str(outcome.state) for outcome in report.files} == {
        "gary_wang/a.json": "rejected",
        "gary_wang/b.json": "ingested",
    }
    assert report.problems


def test_a_file_that_is_completed_meanwhile_is_taken(
    server_url: str, database_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path, settle_seconds=3600)
    whole = json.dumps(a_file(a_patient("GW1"))).encode()
    path = clinic.drop(whole[:-10], name="growing.json")
    outcomes: list[str] = []
    clinic.drop(a_file(a_patient("GW2")), name="other.json")
    monkeypatch.setattr(time, "sleep", lambda _: path.write_bytes(whole))
    report = ingest_paths(clinic.store, on_file=lambda outcome: outcomes.append(outcome.path))
    assert [str(outcome.state) for outcome in report.files] == ["ingested", "ingested"]
    assert outcomes == ["gary_wang/other.json", "gary_wang/growing.json"]


def test_a_file_that_goes_on_growing_waits(
    server_url: str, database_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path, settle_seconds=3600)
    path = clinic.drop(b'{"extraction_metadata"', name="growing.json")
    clinic.drop(a_file(a_patient("GW1")), name="other.json")
    monkeypatch.setattr(time, "sleep", lambda _: path.write_bytes(b'{"extraction_metadata": {'))
    report = ingest_paths(clinic.store)
    assert {outcome.path: str(outcome.state) for outcome in report.files} == {
        "gary_wang/other.json": "ingested",
        "gary_wang/growing.json": "waiting",
    }
    assert not report.problems
    [waits] = [outcome for outcome in report.files if outcome.kind is not None]
    assert (waits.kind, waits.path) == ("cut_short", "gary_wang/growing.json")
    assert {row["path"]: row["state"] for row in clinic.system_rows("ingested_files")} == {
        "gary_wang/other.json": "ingested",
        "gary_wang/growing.json": "waiting",
    }


def test_a_file_that_is_cut_short_and_rests_is_rejected_whatever_the_clock_of_its_folder_says(clinic: Clinic) -> None:
    path = clinic.drop(b'{"extraction_metadata"')
    ahead = time.time() + 3600
    os.utime(path, (ahead, ahead))
    [outcome] = ingest_paths(clinic.store).files
    assert (outcome.state, outcome.kind) == ("rejected", "cut_short")


def test_a_file_that_changes_as_it_is_read_is_looked_at_once_more(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clinic.drop(a_file(a_patient("GW1")))
    read_document = process_file.read_document
    found: list[FileOutcome] = []

    def changed_once(path: Path, *how: Any) -> Document:
        monkeypatch.setattr(process_file, "read_document", read_document)
        raise StillBeingWritten(path)

    process = process_file.FileProcessor.__call__

    def recorded(*arguments: Any) -> FileOutcome:
        found.append(process(*arguments))
        return found[-1]

    monkeypatch.setattr(process_file, "read_document", changed_once)
    monkeypatch.setattr(process_file.FileProcessor, "__call__", recorded)
    assert [str(outcome.state) for outcome in ingest_paths(clinic.store).files] == ["ingested"]
    waits, _ = found
    assert (waits.path, waits.state, waits.kind) == (f"gary_wang/{path.name}", "waiting", "still_being_written")
    assert waits.kind == "still_being_written"


@pytest.mark.parametrize(("whole", "told"), [(True, ("gone", "file_gone")), (False, ("rejected", "cut_short"))])
def test_a_file_that_goes_meanwhile_costs_itself_only(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, whole: bool, told: tuple[str, str]
) -> None:
    path = clinic.drop(a_file(a_patient("GW1")) if whole else b'{"extraction_metadata"', name="a.json")
    clinic.drop(a_file(a_patient("GW2")), name="b.json")
    read_document = process_file.read_document

    def goes(read: Path, *how: Any) -> Document:
        if whole:
            path.unlink(missing_ok=True)
        try:
            return read_document(read, *how)
        finally:
            path.unlink(missing_ok=True)

    monkeypatch.setattr(process_file, "read_document", goes)
    found = {outcome.path: outcome for outcome in ingest_paths(clinic.store).files}
    assert found["gary_wang/b.json"].state == "ingested"
    gone = found["gary_wang/a.json"]
    assert (gone.state, gone.kind) == told
    assert gone.kind == "file_gone" or not whole


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("step", ["owner_of_file", "store_document"])
@pytest.mark.parametrize(
    ("error", "state", "kind", "is_transient"),
    [
        (DatabaseBusy("a database", "1205"), "failed", "database_busy", True),
        (WrongDatabase("a database", "gary_wang", None), "failed", "wrong_database", False),
        (NotAtHead("a database", "p0001", "p0002"), "blocked", "not_at_head", False),
        (LookupError(SECRET), "failed", "unexpected", False),
    ],
    ids=["busy", "wrong", "behind", "unplanned"],
)
def test_a_file_that_was_not_taken_says_why_in_one_word_and_whose_it_is(
    clinic: Clinic,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: Exception,
    state: str,
    kind: str,
    is_transient: bool,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    clinic.ingest(a_file(a_patient("GW1")))
    monkeypatch.setattr(process_file, step, refuse)
    found = clinic.ingest(a_file(a_patient("GW2")), name="next.json")
    assert (found.path, found.state, found.kind, found.transient) == (
        "gary_wang/next.json",
        state,
        kind,
        is_transient,
    )
    assert str(error) in str(found.reason) or kind == "unexpected"
    database = clinic.database_name()
    whose = ("gary_wang", "Gary Wang", database) if step == "store_document" else (None, None, None)
    assert (found.provider, found.provider_name, found.database_name) == whose


def test_what_is_no_regular_file_is_rejected(clinic: Clinic, tmp_path: Path) -> None:
    folder = clinic.results / "gary_wang"
    folder.mkdir()
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps(a_file(a_patient("GW1"))))
    (folder / "link.json").symlink_to(outside)
    os.mkfifo(folder / "fifo.json")
    (folder / "folder.json").mkdir()
    report = ingest_paths(clinic.store)
    assert {outcome.path: (str(outcome.state), outcome.reason) for outcome in report.files} == {
        "gary_wang/link.json": ("rejected", "is a symbolic link"),
        "gary_wang/fifo.json": ("rejected", "is not a regular file"),
        "gary_wang/folder.json": ("rejected", "is not a regular file"),
    }


def test_a_path_that_is_not_there_is_wrong_use(clinic: Clinic) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        ingest_paths(clinic.store, [clinic.results / "missing.json"])


def test_a_file_larger_than_the_setting_is_rejected_before_it_is_read_and_taken_once_that_is_raised(
    server_url: str, database_prefix: str, tmp_path: Path
) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path, max_file_size="1MiB")
    content = a_file(a_patient("GW1", note="x" * (1 << 20)))
    # Without metadata in front the whole file would be read for its place in the order.
    path = clinic.drop(dict(reversed(content.items())))
    clinic.drop(a_file(a_patient("GW2")))
    report = ingest_paths(clinic.store)
    states = {outcome.path: (str(outcome.state), outcome.reason) for outcome in report.files}
    state, reason = states[f"gary_wang/{path.name}"]
    assert state == "rejected"
    said = r"has 1,\d{3},\d{3} bytes, more than the 1,048,576 that WEBAUTODASH_MAX_FILE_SIZE .*"
    assert re.fullmatch(said, str(reason))
    assert [row["prn"] for row in clinic.rows("patients")] == ["GW2"]
    clinic.store.close()
    again = Clinic(server_url, database_prefix, tmp_path, max_file_size="2MiB")
    assert [str(outcome.state) for outcome in ingest_paths(again.store, [path]).files] == ["ingested"]
    again.store.close()


def test_a_key_that_stands_twice_in_one_patient_costs_nobody_else(clinic: Clinic) -> None:
    twice = json.dumps(a_patient("GW2")).replace('"prn"', f'"prn": "{SECRET}", "prn"')
    content = json.dumps(a_file(a_patient("GW1"), "here", a_patient("GW3"))).replace('"here"', twice)
    outcome = clinic.ingest(content.encode())
    assert (outcome.state, outcome.stored, outcome.set_aside) == ("partial", 2, 1)
    [row] = clinic.rows("set_aside_patients")
    assert (row["reason"], row["detail"]) == ("duplicate_key", "demographics_printable.prn")
    assert row["raw_json"] == twice
    assert {row["prn"] for row in clinic.rows("patients")} == {"GW1", "GW3"}


def test_a_file_in_another_providers_folder_is_rejected_with_both_names(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    for provider in ("John Doe", "Somebody New"):
        outcome = clinic.ingest(a_file(a_patient("JD1"), provider=provider))
        assert outcome.state == "rejected"
        assert provider in str(outcome.reason)
        assert "gary_wang" in str(outcome.reason)
    assert [row["slug"] for row in clinic.system_rows("providers")] == ["gary_wang"]
    assert clinic.count("patients") == 1


@pytest.mark.parametrize("folder", ["john_doe", "nobodys"])
def test_a_known_providers_file_in_anothers_or_nobodys_folder_is_rejected_too(clinic: Clinic, folder: str) -> None:
    for provider in ("Gary Wang", "John Doe"):
        register(clinic.store, provider)
    outcome = clinic.ingest(a_file(a_patient("GW1")), folder=folder)
    assert (outcome.state, outcome.provider, outcome.kind) == ("rejected", None, "wrong_folder")
    assert [clinic.count("patients", slug) for slug in ("gary_wang", "john_doe")] == [0, 0]
    assert len(clinic.system_rows("providers")) == 2


@pytest.mark.parametrize("folder", ["o_neil_pat", "oneil_pat", "O'Neil Pat", "ONEIL-PAT"])
def test_a_folder_belongs_to_the_provider_with_its_letters_and_digits(clinic: Clinic, folder: str) -> None:
    outcome = clinic.ingest(a_file(a_patient("P1"), provider="O'Neil Pat"), folder=folder)
    assert (outcome.state, outcome.provider) == ("ingested", "oneil_pat")
    assert clinic.ingest(a_file(a_patient("P2"), provider=None), folder=folder).provider == "oneil_pat"


def test_without_a_name_the_folder_decides_and_the_name_fits_later(clinic: Clinic) -> None:
    first = clinic.ingest(a_file(a_patient("P1"), provider=None), folder="ann_lee")
    second = clinic.ingest(a_file(a_patient("P2"), provider="ANN  lee"), folder="ann_lee")
    assert (first.provider_name, second.provider_name) == ("Ann Lee", "Ann Lee")
    assert len(clinic.system_rows("providers")) == 1


def test_without_a_name_a_folder_that_could_be_two_providers_is_nobodys(clinic: Clinic) -> None:
    register(clinic.store, "Gary Wang")
    other = register(clinic.store, "John Doe").provider
    # As no command leaves it: each refuses a name that reads like another's.
    clinic.store.system.run(lambda work: work.providers.add_alias(other.id, "Gary-Wang"))
    outcome = clinic.ingest(a_file(a_patient("P1"), provider=None), folder="gary_wang")
    assert outcome.state == "rejected"
    assert "Gary Wang" in str(outcome.reason)
    assert "John Doe" in str(outcome.reason)
    assert [clinic.count("patients", slug) for slug in ("gary_wang", "john_doe")] == [0, 0]


def test_a_file_elsewhere_is_taken_by_its_metadata(clinic: Clinic, tmp_path: Path) -> None:
    elsewhere = tmp_path / "inbox" / "john_doe"
    elsewhere.mkdir(parents=True)
    (elsewhere / "x.json").write_text(json.dumps(a_file(a_patient("GW1"))))
    (elsewhere / "y.json").write_text(json.dumps(a_file(a_patient("GW1"), provider=None)))
    report = ingest_paths(clinic.store, [tmp_path / "inbox"])
    assert [(Path(o.path).name, str(o.state), o.provider) for o in report.files] == [
        ("x.json", "ingested", "gary_wang"),
        ("y.json", "rejected", None),
    ]
    assert report.files[0].path == str(elsewhere / "x.json")


def test_a_name_that_reads_like_another_is_refused_until_it_is_an_alias(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    outcome = clinic.ingest(a_file(a_patient("GW2"), provider="Gary-Wang"))
    assert (outcome.state, outcome.kind) == ("rejected", "provider_name_taken")
    assert explain_file(outcome).endswith("webautodash provider alias gary_wang Gary-Wang")
    with pytest.raises(ProviderNameTaken):
        register(clinic.store, "G. Ary Wang")
    register(clinic.store, "John Doe")
    for taken in ("John-Doe", "john_doe", "JOHN DOE"):
        with pytest.raises(UsageError, match="John Doe"):
            add_alias(clinic.store, "gary_wang", taken)
    assert clinic.system_rows("provider_aliases") == []
    add_alias(clinic.store, "gary_wang", "Gary-Wang")
    assert clinic.ingest(a_file(a_patient("GW2"), provider="Gary-Wang")).provider == "gary_wang"
    assert len(clinic.system_rows("providers")) == 2


def test_an_alias_opens_another_folder(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    add_alias(clinic.store, "gary_wang", "Wang Family Practice")
    assert clinic.ingest(a_file(a_patient("GW2")), folder="wang_family_practice").state == "ingested"
    with pytest.raises(UsageError, match="already the name of"):
        add_alias(clinic.store, register(clinic.store, "John Doe").provider.slug, "Gary Wang")


@pytest.mark.parametrize("name", ["system", "System", "a\u0000b", "a\nb", "---", "x" * 256])
def test_an_impossible_provider_name_makes_nothing(clinic: Clinic, name: str) -> None:
    outcome = clinic.ingest(a_file(a_patient("P1"), provider=name), folder=letters_key(name)[:200] or "folder")
    assert outcome.state == "rejected"
    assert clinic.system_rows("providers") == []


def test_an_unknown_provider_is_named_with_the_nearest(clinic: Clinic) -> None:
    register(clinic.store, "Gary Wang")
    with pytest.raises(UnknownProvider, match="gary_wang"):
        resolve_provider(clinic.store, "gary_wong")
    assert len(clinic.system_rows("providers")) == 1


def test_spelling_of_case_and_space_is_the_same_provider(clinic: Clinic) -> None:
    first = register(clinic.store, "Gary Wang")
    again = register(clinic.store, "  GARY   ｗａｎｇ ")
    assert (first.created, again.created) == (True, False)
    assert first.provider.identity == again.provider.identity


def test_a_database_that_says_it_is_anothers_is_not_touched(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(a_file(a_patient("JD1"), provider="John Doe"), folder="john_doe")
    database = clinic.database("john_doe")
    identity = clinic.rows("database_identity")[0]["identity"]
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE database_identity SET identity = '{identity}', slug = 'gary_wang'")
    clinic.reopen()
    # Nor read: what it says would be taken for John Doe's.
    with pytest.raises(WrongDatabase, match="gary_wang"):
        clinic.store.provider_database(resolve_provider(clinic.store, "john_doe"))
    outcome = clinic.ingest(a_file(a_patient("JD2"), provider="John Doe"), folder="john_doe")
    assert outcome.state == "failed"
    assert "gary_wang" in str(outcome.reason)
    assert clinic.count("patients", "john_doe") == 1


def test_a_registration_is_not_finished_in_a_database_that_has_become_anothers(clinic: Clinic) -> None:
    register(clinic.store, "John Doe")
    database = clinic.database("john_doe")
    for one, statement in (
        (clinic.store.system, "UPDATE providers SET status = 'registering'"),
        (database, "UPDATE database_identity SET identity = 'another', slug = 'gary_wang'"),
    ):
        with one.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with pytest.raises(WrongDatabase, match="gary_wang"):
        register(clinic.store, "John Doe")
    assert [row["status"] for row in clinic.system_rows("providers")] == ["registering"]
    assert [row["identity"] for row in clinic.rows("database_identity", "john_doe")] == ["another"]


def test_a_database_that_a_lost_registry_left_goes_to_its_own_provider_alone(clinic: Clinic) -> None:
    register(clinic.store, "John Doe")
    clinic.execute("UPDATE database_identity SET name = 'Johanna Doe'", "john_doe")
    with clinic.store.system.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM provider_aliases")
        connection.exec_driver_sql("DELETE FROM providers")
    with pytest.raises(WrongDatabase, match="Johanna Doe"):
        register(clinic.store, "John Doe")
    assert clinic.system_rows("providers") == []


def test_a_folder_whose_name_is_no_text_stops_no_other(clinic: Clinic) -> None:
    clinic.drop(a_file(a_patient("P1")), folder=os.fsdecode(b"clinic\xe9"))
    clinic.drop(a_file(a_patient("Z1"), provider="Zed Last"), folder="zed_last")
    report = ingest_paths(clinic.store)
    assert sorted((str(outcome.state), str(outcome.provider)) for outcome in report.files) == [
        ("ingested", "zed_last"),
        ("rejected", "None"),
    ]


def test_an_error_that_nobody_planned_costs_its_file_only(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError(SECRET)

    clinic.ingest(a_file(a_patient("GW1")))
    monkeypatch.setattr("webautodash.services.ingest.store_file.session_record", broken)
    outcome = clinic.ingest(a_file(a_patient("GW2")))
    assert outcome.state == "failed"
    assert str(outcome.reason).startswith("unexpected LookupError at test_rejections.py, line ")
    assert SECRET not in str(outcome.reason)


def test_a_date_order_is_said_once(clinic: Clinic) -> None:
    register(clinic.store, "Euro Doc", date_order=DateOrder.DMY)
    content = a_file(a_patient("P1", born="01/02/1970"), provider="Euro Doc", start="01/02/2020")
    clinic.ingest(content, folder="euro_doc")
    assert str(clinic.rows("patients", "euro_doc")[0]["date_of_birth"]) == "1970-02-01"
    assert str(clinic.rows("extraction_sessions", "euro_doc")[0]["start_date"]) == "2020-02-01"
    assert not register(clinic.store, "Euro Doc").created
    with pytest.raises(UsageError, match="date order dmy"):
        register(clinic.store, "Euro Doc", date_order=DateOrder.MDY)


def test_a_database_of_a_later_version_asks_for_a_later_program(clinic: Clinic) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.execute("UPDATE alembic_version SET version_num = 'p9999'")
    clinic.reopen()
    outcome = clinic.ingest(a_file(a_patient("GW2")))
    assert (outcome.state, "upgrade webautodash" in str(outcome.reason)) == ("blocked", True)
    assert (outcome.kind, outcome.provider) == ("newer_than_program", "gary_wang")
    with pytest.raises(NewerThanProgram):
        upgrade(clinic.database(), SchemaHistory.PROVIDER)
    assert clinic.count("patients") == 1
