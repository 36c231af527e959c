"""A further clinical list is a declaration, a model and a revision: everything else follows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import a_file, a_patient
from shell import Shell

# In a process of its own, because modules take the lists when they are imported.
_DECLARE = """
import sys
from dataclasses import replace
from datetime import date

from webautodash.domain.extraction import clinical_lists as lists

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
    with store.server.database("webautodash_gary_wang").engine.begin() as connection:
        Implant.__table__.create(connection)
        connection.execute(text("ALTER TABLE extraction_sessions ADD COLUMN implants INTEGER DEFAULT 0"))
"""
_RUN = """
from webautodash.cli.app import main

main()
"""


def _run(shell: Shell, program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _DECLARE + program, *arguments],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path)
    assert made("setup", "--auto").status == 0
    assert made("provider", "register", "Gary Wang").status == 0
    return made


def _json(shell: Shell, *arguments: str) -> Any:
    return json.loads(_run(shell, _RUN, *arguments, "--json"))


def test_a_further_list_is_read_stored_compared_and_shown(shell: Shell) -> None:
    stent = {"implant_name": "Stent", "implanted_on": "1/31/2020", "notes": "left"}
    _run(shell, _MIGRATE)
    shell.drop(a_file(a_patient("A1", implants=[stent, "Lens"])), "first.json")
    shell.drop(a_file(a_patient("A1", implants=["Lens"]), at="2025-01-01T00:00:00"), "second.json")
    report = _json(shell, "ingest")
    assert [file["rows"]["implants"] for file in report["files"]] == [2, 1]
    [conflict] = _json(shell, "conflict", "list", "gary_wang")["items"]
    assert (conflict["field_name"], conflict["severity"]) == ("implants", "high")
    chart = _json(shell, "patient", "show", "gary_wang", "A1")
    assert [row["implant_name"] for row in chart["lists"]["implants"]] == ["Lens"]
    assert "implants: 1" in _run(shell, _RUN, "patient", "show", "gary_wang", "A1")
    assert _json(shell, "stats", "gary_wang")["implants"] == 3
    _run(shell, _RUN, "verify")
