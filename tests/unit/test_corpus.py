"""Texts as portals write them, each with the answer that a clinical reader gives."""

from pathlib import Path

import pytest

from webautodash.domain.extraction.icd10 import read_icd10
from webautodash.domain.extraction.strengths import read_strength

CORPUS = Path(__file__).parent / "corpus"


def rows(name: str) -> list[tuple[str, str]]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()[1:]
    return [(text, expected) for text, expected in (line.split("\t") for line in lines)]


MEDICATIONS = rows("medications.tsv")
DIAGNOSES = rows("diagnoses.tsv")


@pytest.mark.parametrize(("name", "expected"), MEDICATIONS, ids=[name for name, _ in MEDICATIONS])
def test_strength_of_a_medication(name: str, expected: str) -> None:
    assert read_strength(name) == (expected or None)


@pytest.mark.parametrize(("text", "expected"), DIAGNOSES, ids=[text for text, _ in DIAGNOSES])
def test_codes_of_a_diagnosis(text: str, expected: str) -> None:
    assert read_icd10(text) == tuple(expected.split())


def test_the_corpus_is_whole_and_says_nothing_twice() -> None:
    assert len(MEDICATIONS) == len(dict(MEDICATIONS)) >= 100
    assert len(DIAGNOSES) == len(dict(DIAGNOSES)) >= 80
