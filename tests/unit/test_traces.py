"""PRNs in texts that must hold none: found whatever stands around them, and no other word taken for one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webautodash.domain.prn_search import SHORTEST_PRN, PrnMatch, PrnSearch


def _search(*prns: str) -> PrnSearch:
    search = PrnSearch()
    for prn in prns:
        search.add(prn)
    return search


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AK1011", PrnMatch.PRN),
        ("gary_wang/AK1011_x.json", PrnMatch.PRN),
        ('{"prn": "AK1011"}', PrnMatch.PRN),
        ("AK10111 and BAK1011 and ak1011", None),
        ("4711023 files", PrnMatch.NUMBER),
        ("4711023 files of AK1011", PrnMatch.PRN),
        ("about A-1 2/3.", PrnMatch.PRN),
        ("about A-1 2/34", None),
        ("about BA-1 2/3", None),
        ("(#77-x)", PrnMatch.PRN),
        ("77-x", None),
        ("no. 77 and 12 and nothing else", None),
    ],
)
def test_a_prn_is_found_where_it_stands_by_itself(text: str, found: PrnMatch | None) -> None:
    assert _search("AK1011", "4711023", "A-1 2/3", "#77-x").find(text) is found


def test_what_is_too_short_to_be_told_apart_is_counted() -> None:
    search = _search("12", "abc", "----", "1234")
    assert (search.too_short, len(search)) == (3, 1)
    assert search.find("12 abc ---- 99") is None


_PRNS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=SHORTEST_PRN, max_size=12)


@given(
    prn=_PRNS, before=st.sampled_from(["", " ", "'", "/", "_", "("]), after=st.sampled_from(["", " ", "'", ",", "_"])
)
def test_every_prn_with_a_word_in_it_is_found(prn: str, before: str, after: str) -> None:
    found = _search(prn).find(f"it says {before}{prn}{after}")
    assert (found is None) == (re.search(r"[^\W_]", prn) is None)
