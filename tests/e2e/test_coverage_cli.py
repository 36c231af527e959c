"""What is stored already, from the shell."""

from __future__ import annotations

from builders import a_file, a_patient
from shell import Shell

SEARCH = ("coverage", "gary_wang", "--medication", "lisinopril")


def test_the_exit_status_tells_whether_every_day_is_covered(shell: Shell) -> None:
    failed = a_patient("SECRET-2", extraction_status="failed")
    shell.drop(a_file(a_patient("SECRET-1"), failed, start="2024-01-01", end="2024-01-31"))
    assert shell("ingest").status == 1
    done = shell(*SEARCH, "--from", "2024-01-01", "--to", "2024-01-31")
    assert (done.status, "SECRET-2" in done.out, "SECRET" in done.err) == (0, True, False)
    found = shell(*SEARCH, "--from", "2024-01-01", "--to", "2024-02-02", "--json")
    assert (found.status, found.json["is_covered"]) == (1, False)
    assert found.json["uncovered"] == [{"start_date": "2024-02-01", "end_date": "2024-02-02"}]
    assert [one["id"] for one in found.json["sessions"]] == [1]
    assert [one["prn"] for one in found.json["missing_patients"]] == ["SECRET-2"]
    of_patient = shell(*SEARCH, "--from", "2024-01-01", "--to", "2024-01-31", "--prn", "SECRET-2")
    assert (of_patient.status, "SECRET" in of_patient.err) == (1, False)
    log = shell("log", "--level", "DEBUG", "--json")
    assert "SECRET" not in log.out


def test_wrong_days_and_unknown_providers_are_refused(shell: Shell) -> None:
    assert shell(*SEARCH, "--from", "01/01/2024", "--to", "2024-01-31").status == 2
    assert shell(*SEARCH, "--from", "2024-01-01").status == 2
    shell.drop(a_file(a_patient("P1")))
    shell("ingest")
    assert shell(*SEARCH, "--from", "2024-02-01", "--to", "2024-01-31").status == 2
    assert shell("coverage", "nobody", *SEARCH[2:], "--from", "2024-01-01", "--to", "2024-01-31").status == 2


def test_sessions_are_listed_by_medication_range_and_time(shell: Shell) -> None:
    for month in ("01", "02"):
        shell.drop(
            a_file(a_patient("P1"), start=f"2024-{month}-01", end=f"2024-{month}-28", at=f"2024-{month}-28T09:00:00"),
            f"{month}.json",
        )
    assert shell("ingest").status == 0

    def listed(*options: str) -> list[int]:
        return [one["id"] for one in shell("session", "list", *options, "--json").json["items"]]

    assert listed("--medication", "LISINOPRIL", "--from", "2024-02-01", "--to", "2024-02-01") == [2]
    assert listed("gary_wang", "--since", "2024-02-01") == [2]
    assert listed("--until", "2024-02-01") == [1]
    assert listed("--medication", "all") == []
    assert shell("session", "list", "--from", "2024-02-01", "--to", "2024-01-01").status == 2
    assert shell("session", "list", "--since", "never").status == 2
