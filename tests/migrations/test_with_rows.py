"""Revisions that keep rows: what was there before is there after, both ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.database import Database
from webautodash.services.migrate import History

NEW = ("mtime_ns", "session_id")


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {column: value for column, value in row.items() if column not in NEW}


@pytest.mark.parametrize("history", [History.SYSTEM], indirect=True)
def test_known_files_keep_their_rows_down_and_up(
    database: Database, go: Callable[[str], None], server_url: str, database_prefix: str, tmp_path: Path
) -> None:
    clinic = Clinic(server_url, database_prefix, tmp_path)
    clinic.ingest(a_file(a_patient("GW1")))
    clinic.ingest(b"{", name="bad.json")
    before = clinic.system_rows("ingested_files")
    assert len(before) == 2
    go("-1")
    assert clinic.system_rows("ingested_files") == [_known(row) for row in before]
    go("head")
    assert clinic.system_rows("ingested_files") == [_known(row) | dict.fromkeys(NEW) for row in before]
    clinic.store.close()
