"""No value of a patient's record is in the system database, the logs or an error."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator

import pytest
from builders import Clinic, a_file, a_patient
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from webautodash.errors import WebAutoDashError

MARKS = [f"Mark{n:02}Qz" for n in range(20)]


def _marked(prn: str = MARKS[0], extra: int = 0) -> dict[str, object]:
    who = {"name": MARKS[1], "born": MARKS[2], "gender": MARKS[3], "age": MARKS[4], "uuid": MARKS[5]}
    return a_patient(
        prn,
        **who,
        medications=[{"medication_name": MARKS[6], "sig": MARKS[7], "start_date": MARKS[8]}] * (1 + extra),
        diagnoses=[{"diagnosis_text": MARKS[9], "acuity": MARKS[10]}] * (1 + extra),
        allergies=[MARKS[11], {"allergen": MARKS[12], "reaction": MARKS[13]}] * (1 + extra),
        health_concerns=[MARKS[14], {"note_text": MARKS[15]}],
        demographics={"phone": MARKS[16], "email": MARKS[17], "address": MARKS[18]},
        **{MARKS[19]: MARKS[19]},
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it refers to as its causes and contexts."""
    waiting, seen = [error], list[BaseException]()
    while waiting:
        one = waiting.pop()
        if all(one is not other for other in seen):
            seen.append(one)
            waiting += [linked for linked in (one.__cause__, one.__context__) if linked is not None]
    yield from seen


def _foreign(error: BaseException) -> list[str]:
    """The types in an error's chain that are not this package's."""
    return [type(one).__name__ for one in _chain(error) if not isinstance(one, WebAutoDashError)]


def _text(error: BaseException) -> str:
    """All that a caller can find in an error: its chain with every attribute, and the printed traceback."""
    parts = [repr((one.args, vars(one), getattr(one, "__notes__", ()))) for one in _chain(error)]
    return "".join([*parts, *traceback.format_exception(error)])


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[WebAutoDashError]:
    """Every error of this package that is made during a test, also those that are caught."""
    errors: list[WebAutoDashError] = []
    before = WebAutoDashError.__init__

    def noted(self: WebAutoDashError, message: str) -> None:
        before(self, message)
        errors.append(self)

    monkeypatch.setattr(WebAutoDashError, "__init__", noted)
    return errors


def _system_text(clinic: Clinic) -> str:
    tables = ("providers", "provider_aliases", "system_logs", "ingested_files", "alerts")
    return repr([clinic.system_rows(table) for table in tables])


def _bad_files() -> list[object]:
    whole = json.dumps(a_file(_marked()))
    return [
        a_file(_marked()),
        a_file(_marked(extra=1), at="2025-01-01T00:00:00"),
        a_file(_marked(), _marked(extra=2), at="2025-02-01T00:00:00"),
        a_file(_marked(""), _marked() | {"all_medications": MARKS[6]}, _marked() | {"all_allergies": [[MARKS[12]]]}),
        a_file(_marked("x" * 200 + MARKS[0])),
        a_file(_marked() | {"patient_name": MARKS[1] * 40, "demographics_printable": {"prn": "1"}}),
        whole[:-30].encode(),
        whole.replace(MARKS[9], '"').encode(),
        whole.encode("utf-16"),
        whole.replace(MARKS[9], "\xe9").encode("latin-1"),
        whole.replace('"prn"', '"\\ud800"').encode(),
        f'{{"extraction_metadata": "{MARKS[1]}", "extraction_results": []}}'.encode(),
    ]


def test_no_value_of_a_patient_leaves_the_providers_database(
    open_clinic: Callable[..., Clinic], caplog: pytest.LogCaptureFixture, made: list[WebAutoDashError]
) -> None:
    for name in ("", "sqlalchemy", "sqlalchemy.engine", "alembic", "webautodash"):
        caplog.set_level(logging.DEBUG, logger=name)
    clinic = open_clinic()
    outcomes = [clinic.ingest(content) for content in _bad_files()]
    assert {str(outcome.state) for outcome in outcomes} >= {"ingested", "partial", "rejected"}
    assert clinic.count("data_conflicts") > 0
    assert "INSERT INTO extraction_sessions" in caplog.text
    seen = "".join((_system_text(clinic), repr(outcomes), caplog.text, *(str(r.__dict__) for r in caplog.records)))
    assert [mark for mark in MARKS if mark in seen] == []
    assert {error.kind for error in made} >= {"malformed", "not_utf8", "unreadable_patient"}
    assert [(str(error), _foreign(error)) for error in made if _foreign(error)] == []
    assert [mark for mark in MARKS if mark in "".join(map(_text, made))] == []


# The server quotes the value of a row in its error.
ON_SQLITE = {
    "trigger": "CREATE TRIGGER broken BEFORE INSERT ON medications BEGIN SELECT RAISE(ABORT, 'no'); END",
    "unique key": "CREATE UNIQUE INDEX broken ON medications (medication_name)",
    "dropped table": "DROP TABLE medications",
}
ON_SERVERS = ON_SQLITE | {
    "trigger": "CREATE TRIGGER broken BEFORE INSERT ON medications FOR EACH ROW "
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = NEW.medication_name",
    "unique key": "CREATE UNIQUE INDEX broken ON medications (medication_name(100))",
}


@pytest.mark.parametrize("damage", ON_SQLITE)
def test_an_error_of_the_database_quotes_no_value_and_stores_nothing(
    clinic: Clinic, backend: str, caplog: pytest.LogCaptureFixture, damage: str, made: list[WebAutoDashError]
) -> None:
    caplog.set_level(logging.INFO)
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.execute((ON_SQLITE if backend == "sqlite" else ON_SERVERS)[damage])
    outcome = clinic.ingest(a_file(_marked(extra=1)))
    assert outcome.state == "failed"
    assert clinic.count("patients") == 1
    assert clinic.count("extraction_sessions") == 1
    assert made
    assert [(str(error), _foreign(error)) for error in made if _foreign(error)] == []
    seen = "".join((_system_text(clinic), repr(outcome), caplog.text, *map(_text, made)))
    assert [mark for mark in MARKS if mark in seen] == []


def test_an_error_shows_nothing_of_its_cause(clinic: Clinic) -> None:
    clinic.ingest(a_file(_marked()))
    with pytest.raises(WebAutoDashError) as caught, clinic.database().session() as session:
        session.connection().exec_driver_sql(
            f"INSERT INTO patients (prn, extraction_session_id, created_at, updated_at) "
            f"SELECT '{MARKS[0]}', extraction_session_id, created_at, updated_at FROM patients"
        )
    assert _foreign(caught.value) == []
    assert [mark for mark in MARKS if mark in _text(caught.value)] == []


def test_an_error_of_the_database_library_shows_nothing_either(clinic: Clinic) -> None:
    def quoting(session: Session) -> None:
        session.execute(select(MARKS[0]))  # type: ignore[call-overload]  # what is wrong with it

    with pytest.raises(ArgumentError, match=MARKS[0]):
        quoting(Session())
    with pytest.raises(WebAutoDashError) as caught, clinic.store.system.session() as session:
        quoting(session)
    assert _foreign(caught.value) == []
    assert [mark for mark in MARKS if mark in _text(caught.value)] == []
