"""Patients that wait for a decision, from the shell."""

import json

from builders import a_file, a_patient
from shell import Shell

SIGNED = ("--by", "Dr. Wang", "--why", "seen in the portal")


def _files(shell: Shell) -> None:
    shell.drop(a_file(a_patient("P1", medications=["Aspirin 81 mg"]), a_patient("P2", extraction_status="failed")))
    emptied = a_patient("P1", name="Test\x1b[31m Person")
    later = a_file(emptied, {"extraction_error": "timeout"}, at="2024-03-04T09:00:00")
    shell.drop(later, "second.json")
    assert shell("ingest").status == 1


def test_patients_are_listed_by_reason_and_accepted_with_a_name_and_a_reason(shell: Shell) -> None:
    _files(shell)
    listed = shell("set-aside", "list", "gary_wang", "--reason", "emptied", "--json")
    assert [(one["reason"], one["prn"]) for one in listed.json["items"]] == [("emptied", "P1")]
    number = str(listed.json["items"][0]["id"])
    refused = shell("set-aside", "retry", "gary_wang", number)
    assert (refused.status, "set-aside accept" in refused.err) == (1, True)
    assert shell("set-aside", "accept", "gary_wang", number, "--by", "Dr. Wang").status == 2
    done = shell("set-aside", "accept", "gary_wang", number, *SIGNED, "--json")
    assert done.status == 0
    assert [(one["taken_in"], one["outcome"]) for one in done.json] == [(True, "changed")]
    shown = shell("set-aside", "show", "gary_wang", number, "--json").json["entry"]
    assert (shown["decided_by"], shown["decided_why"]) == ("Dr. Wang", "seen in the portal")
    assert shell("set-aside", "list", "--reason", "emptied", "--json").json["items"] == []


def test_the_robot_is_told_whom_to_extract_again(shell: Shell) -> None:
    _files(shell)
    found = shell("incomplete", "--json")
    assert found.status == 0
    assert [(one["prn"], one["failures"], one["target_medication"]) for one in found.json["items"]] == [
        ("P2", 1, "Lisinopril"),
        (None, 1, "Lisinopril"),
    ]
    assert "P2" in shell("incomplete", "gary_wang").out
    # Without a PRN only corrected JSON can be accepted.
    number = str(found.json["items"][1]["set_aside_id"])
    bare = shell("set-aside", "accept", "gary_wang", number, *SIGNED)
    assert (bare.status, "no_demographics" in bare.err, "--with" in bare.err) == (1, True, True)
    corrected = json.dumps(a_patient("P3"))
    with_json = shell("set-aside", "accept", "gary_wang", number, *SIGNED, "--with", "-", stdin=corrected)
    assert with_json.status == 0
    shell.drop(a_file(a_patient("P2"), at="2024-04-04T09:00:00"), "third.json")
    assert shell("ingest").status == 0
    assert shell("incomplete", "--json").json["items"] == []
    assert shell("incomplete", "nobody").status == 2
