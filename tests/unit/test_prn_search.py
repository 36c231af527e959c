"""Texts and logs that must hold no PRN: a PRN is found in any surroundings, and no other word is reported as one."""

import gzip
import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from webautodash.domain.limits import PRN_LENGTH
from webautodash.domain.prn_search import SHORTEST_PRN, PrnMatch, PrnSearch
from webautodash.services.doctor import logs
from webautodash.services.doctor.logs import UnreadableLog, found_in, pieces


def search(*prns: str) -> PrnSearch:
    found = PrnSearch()
    for prn in prns:
        found.add(prn)
    return found


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
def test_a_prn_is_found_where_it_is_a_word_of_its_own(text: str, found: PrnMatch | None) -> None:
    assert search("AK1011", "4711023", "A-1 2/3", "#77-x").find(text) is found


def test_prns_that_are_too_short_are_counted() -> None:
    found = search("12", "abc", "----", "1234")
    assert (found.too_short, len(found)) == (3, 1)
    assert found.find("12 abc ---- 99") is None


_PRNS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=SHORTEST_PRN, max_size=12)


@given(
    prn=_PRNS, before=st.sampled_from(["", " ", "'", "/", "_", "("]), after=st.sampled_from(["", " ", "'", ",", "_"])
)
def test_every_prn_with_a_word_in_it_is_found(prn: str, before: str, after: str) -> None:
    found = search(prn).find(f"it says {before}{prn}{after}")
    assert (found is None) == (re.search(r"[^\W_]", prn) is None)


PRN = "Mark-77 (old)"
FILLED = st.text(alphabet="ab -\n", max_size=30)


@given(st.lists(FILLED, min_size=1, max_size=8), st.integers(PRN_LENGTH, PRN_LENGTH + 40))
def test_a_prn_is_found_in_its_line_wherever_the_pieces_are_cut(between: list[str], size: int) -> None:
    text = PRN.join(filling * 20 for filling in between)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "PIECE", size)
        found = {number for number, piece in pieces(io.StringIO(text)) if search(PRN).find(piece) is not None}
        assert max((len(piece) for _, piece in pieces(io.StringIO(text))), default=0) <= 2 * size
    assert found == {number for number, line in enumerate(text.splitlines(keepends=True), 1) if search(PRN).find(line)}


def test_a_part_of_a_longer_word_is_not_found_at_the_end_of_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PIECE", 300)
    for before in range(280, 310):
        text = " " * before + "4711023999 "
        assert [piece for _, piece in pieces(io.StringIO(text)) if search("4711023").find(piece) is not None] == []


def test_a_line_without_end_is_read_in_pieces(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_text("x" * 3_000_000 + " Mark-77\n" + "y " * 500_000 + "Mark-77 Mark-77\nMark-77")
    assert list(found_in(log, search("Mark-77"))) == [(1, PrnMatch.PRN), (2, PrnMatch.PRN), (3, PrnMatch.PRN)]
    with log.open(encoding="utf-8") as lines:
        assert max(len(piece) for _, piece in pieces(lines)) <= 2 * logs.PIECE


def test_a_log_that_is_not_a_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, Path("/dev/zero")):
        with pytest.raises(UnreadableLog, match="is not a file"):
            list(found_in(path, search("Mark-77")))


def test_a_log_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    damaged = tmp_path / "old.log.gz"
    damaged.write_bytes(gzip.compress(b"Mark-77\n" * 1000)[:-20])
    with pytest.raises(UnreadableLog, match="it is damaged"):
        list(found_in(damaged, search("Mark-77")))
    with pytest.raises(UnreadableLog, match="No such file"):
        list(found_in(tmp_path / "none.log", search("Mark-77")))
