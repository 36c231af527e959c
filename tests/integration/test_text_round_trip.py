"""Text of any kind comes back as it went in, from columns that repeat and columns that do not."""

from __future__ import annotations

import pytest
from builders import Clinic, a_file, a_patient

TEXTS = [
    *(
        "'",
        '"',
        "\\",
        "'\\'",
        "\n",
        "\r",
        "\t",
        "a\x00b",
        "\x1a",
        "\x1e",
        "%",
        "%s",
        "%(x)s",
        ":name ?",
        ";",
        "--",
        "`",
    ),
    *("é", "Ω-3 жир", "😀", "\u2028", "\u202egnirts"),
]


@pytest.mark.parametrize("apart", ["", "\x1f"], ids=["usual", "with the sign between literals"])
@pytest.mark.parametrize("repeated", [False, True])
def test_any_text_is_stored_as_it_is(clinic: Clinic, apart: str, repeated: bool) -> None:
    texts = [f"{'' if repeated else number} {TEXTS[number % len(TEXTS)]} x" for number in range(150)]
    texts[70] += apart
    medications = [
        {"medication_name": text, "sig": text, "diagnosis": text if number % 2 else None}
        for number, text in enumerate(texts)
    ]
    clinic.ingest(a_file(a_patient("GW1", medications=medications)))
    rows = sorted(clinic.rows("medications"), key=lambda row: row["id"])
    assert [row["medication_name"] for row in rows] == texts
    assert [row["sig"] for row in rows] == texts
    assert [row["diagnosis"] for row in rows] == [text if number % 2 else None for number, text in enumerate(texts)]
