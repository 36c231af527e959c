"""A further clinical list is a declaration, a model and a revision: everything else follows."""

import json
import subprocess
import sys
from pathlib import Path

from builders import a_file, a_patient
from shell import ForkedShell

# In a process of its own, because modules take the lists when they are imported.
_DECLARE = """
import sys
from dataclasses import replace
from datetime import date

from webautodash.domain.extraction.lists import clinical_lists as lists

further = replace(
    lists.ALLERGIES,
    name="implants",
    text_field="implant_name",
    text_keys=("implant_name", "name"),
    type_field="implant_type",
    type_keys=("implant_type",),
    copy_keys=("implant_name", "implant_type"),
    prose_fields=("notes",),
    short_fields=(),
    date_fields=("implanted_on",),
    split_lists=(),
    bare_names=("implants",),
    shown_columns=("implant_name", "implanted_on_text", "notes"),
    counts_when_empty=False,
)
lists.LISTS += (further,)
lists.NAMED_LISTS += (further,)

from sqlalchemy import Integer, text
from sqlalchemy.orm import Mapped, mapped_column
from webautodash.models.base import Name, Prose
from webautodash.models.clinical import ClinicalRow
from webautodash.models.sessions import ExtractionSession

class Implant(ClinicalRow):
    __tablename__ = "implants"
    implant_type: Mapped[Name | None]
    implant_name: Mapped[Prose | None]
    implanted_on: Mapped[date | None]
    implanted_on_text: Mapped[Name | None]
    notes: Mapped[Prose | None]

ExtractionSession.implants = mapped_column(Integer, server_default="0")
"""
_MIGRATE = """
from webautodash.config import Settings
from webautodash.services.store import Store

with Store.open(Settings.load()) as store:
    with store.server.database("webautodash_gary_wang", lambda session: session).engine.begin() as connection:
        Implant.__table__.create(connection)
        connection.execute(text("ALTER TABLE extraction_sessions ADD COLUMN implants INTEGER DEFAULT 0"))
"""
_RUN = """
import json
from webautodash.cli.app import main

for command in json.loads(sys.argv[1]):
    sys.argv[1:] = command
    try:
        main()
    except SystemExit as end:
        assert not end.code, (command, end.code)
    print("end of output", flush=True)
"""


def test_a_further_list_is_read_stored_compared_and_shown(tmp_path: Path) -> None:
    shell = ForkedShell(tmp_path)
    for command in (("setup", "--auto"), ("provider", "register", "Gary Wang")):
        assert shell(*command).status == 0
    stent = {"implant_name": "Stent", "implanted_on": "1/31/2020", "notes": "left"}
    shell.drop(a_file(a_patient("A1", implants=[stent, "Lens"])), "first.json")
    shell.drop(a_file(a_patient("A1", implants=["Lens"]), at="2025-01-01T00:00:00"), "second.json")
    ingest = ["ingest", "--json"]
    show = ["patient", "show", "gary_wang", "A1"]
    others = [["conflict", "list", "gary_wang", "--json"], [*show, "--json"], ["stats", "gary_wang", "--json"]]
    done = subprocess.run(
        [sys.executable, "-c", _DECLARE + _MIGRATE + _RUN, json.dumps([ingest, *others, show, ["verify"]])],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *documents, page, _, _ = done.stdout.split("end of output\n")
    report, conflicts, chart, statistics = map(json.loads, documents)
    assert [file["rows"]["implants"] for file in report["files"]] == [2, 1]
    [conflict] = conflicts["items"]
    assert (conflict["field_name"], conflict["severity"]) == ("implants", "high")
    assert [row["implant_name"] for row in chart["lists"]["implants"]] == ["Lens"]
    assert statistics["implants"] == 3
    assert "implants: 1" in page
