"""Searches in JSON text find what a full decoder finds."""

import json
from typing import Any

import pytest
from generated_patients import has_repeated_key
from hypothesis import example, given, strategies as st

from webautodash.domain.extraction.json_text import (
    deep_values,
    end_of_value,
    half_characters,
    may_have_more,
    repeated_key,
    says_all,
)

KEYS = st.sampled_from(["prn", "sig", "", '"', "\\", ":", "é", "💊", '":', "null"])
SPACE = st.sampled_from(["", " ", "\n\t "])
PLAIN = st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(allow_nan=False, allow_infinity=False) | KEYS


class Pairs(tuple[tuple[str, Any], ...]):
    """An object with all that was written into it."""

    __slots__ = ()


VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(KEYS, inner), max_size=3).map(Pairs),
    max_leaves=8,
)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """JSON of any object, its keys and white space written in any way."""

    def string(text: str) -> str:
        if draw(st.booleans()):
            return "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in text).join('""')
        return json.dumps(text, ensure_ascii=draw(st.booleans()))

    def written(value: Any) -> str:
        before, behind = draw(SPACE), draw(SPACE)
        if isinstance(value, Pairs):
            inside = f"{before},{behind}".join(f"{string(k)}{behind}:{before}{written(v)}" for k, v in value)
            return f"{{{before}{inside}{behind}}}"
        if isinstance(value, list):
            return f"[{before}{f'{behind},'.join(map(written, value))}{behind}]"
        return string(value) if isinstance(value, str) else json.dumps(value)

    return written(draw(VALUES)).encode()


@given(texts())
@example(b'{"prn":1,"\\u0070rn":1}')
@example(b'{"a":"\\\\","a":""}')
@example(b'{"a":null,"a":"x"}')
@example(b'{"a":{"b":1},"b":1,"c":[{"a":1},{"a":1}]}')
def test_a_repeated_key_is_found_where_a_hook_for_pairs_finds_one(text: bytes) -> None:
    found = repeated_key(text)
    assert (found is not None) == has_repeated_key(text)
    if found is not None:
        # It is the position of a key.
        assert text[found.at : found.at + 1] == b'"'


@given(texts())
@example(b'{"a":":","b":"\\"","a":"\\":"}')
@example(b'{"a":"\\\\","a":"\\\\"}')
@example(b'{"a":1,"a":"\\u0022:"}')
def test_a_text_that_says_all_repeats_no_key(text: bytes) -> None:
    value = json.loads(text)
    assert not (says_all(text, value) and has_repeated_key(text))
    if b"\\u" not in text and not has_repeated_key(text):
        try:
            assert says_all(text, value)
        except AssertionError:
            assert max(_integers(value)) >= 2**64


def _integers(value: Any) -> list[int]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, int) else []
    return own + [number for part in parts for number in _integers(part)]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (b'{"a": 1, "a": 2}', (9, ("a",))),
        (b'[0, [1, {"b": {}, "c": [], "b": 2}]]', (27, (1, 1, "b"))),
        (b'{"a": {"b": [1, 2, {"c": 1, "c": 1}]}}', (28, ("a", "b", 2, "c"))),
        (b'{"a": ["a", "a"], "b": "a", "c": {"a": ":"}}', None),
        (b"[" * 100_000 + b'{"a":1,"a":1}' + b"]" * 100_000, (100_007, (*[0] * 100_000, "a"))),
    ],
)
def test_a_repeated_key_has_its_place_and_path(text: bytes, where: Any) -> None:
    assert repeated_key(text) == where


HALVES = st.lists(
    st.sampled_from(["\\ud83d", "\\uDC8A", "\\uDbFf", "\\\\", "\\n", "ud83d", "u", "\\u0041", "\\uFFFD", "x", "é"]),
    max_size=6,
).map("".join)


@given(HALVES)
def test_half_characters_are_those_that_a_decoder_leaves_alone(inside: str) -> None:
    decoded = json.loads(f'"{inside}"')
    halves = [c for c in decoded if "\ud800" <= c <= "\udfff"]
    text = inside.encode()
    places = list(half_characters(text))
    assert [json.loads(b'"%b"' % text[begin:end]) for begin, end in places] == halves
    for begin, end in places:
        text = text[:begin] + rb"\ufffd" + text[end:]
    assert json.loads(b'"%b"' % text) == "".join("\ufffd" if c in halves else c for c in decoded)


@given(texts(), texts())
def test_a_value_ends_where_a_decoder_ends_it(text: bytes, more: bytes) -> None:
    _, characters = json.JSONDecoder().raw_decode(text.decode())
    assert end_of_value(text + b"," + more, 0) == len(text.decode()[:characters].encode())
    assert end_of_value(text[:-1], 0) is None or text[:1] not in b"[{"


def test_deep_values() -> None:
    text = b'{"a": [1, {"b": "[[[{"}], "c": [[[1, "]"], {}]], "d": [[{"e": [0]}], [[]]]}'
    assert [text[begin:end] for begin, end in deep_values(text, 2, 100)] == [
        b'[[1, "]"], {}]',
        b'[{"e": [0]}]',
        b"[[]]",
    ]
    assert list(deep_values(b"[[[[", 2, 100)) == [(2, None)]
    assert list(deep_values(b"[[[[[]]]]]", 2, 3)) == [(2, None)]
    assert list(deep_values(b"[[[{]]]", 2, 100)) == [(2, None)]


@given(st.lists(st.lists(VALUES, max_size=4), max_size=4))
def test_may_have_more_never_misses_a_longer_list(lists: list[list[Any]]) -> None:
    longest = max(map(len, lists), default=0)
    text = json.dumps(lists).encode()
    assert all(may_have_more(text, most, 2) for most in range(longest))
    assert not may_have_more(text, text.count(b",") + 1, 2)
