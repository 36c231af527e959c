"""Scans JSON text for what a decoder ignores silently, and for what it cannot decode.

A decoder keeps the last of two equal keys, and refuses a whole file because of a lone surrogate or very deep nesting.
Positions are offsets in bytes. Nothing here is recursive, so that deep nesting is safe.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

Text = bytes | memoryview


JsonPath = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""


_SPACE = rb"[ \t\r\n]*+"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(rb"(%b)%b(:?)|[{}\[\],]" % (_STRING, _SPACE), re.DOTALL)
_PLAIN = rb'[^\[\]{}"]*+(?:%b[^\[\]{}"]*+)*+' % _STRING
# Lists and objects that contain no others are skipped in one step, because there are many.
_TO_BRACKET = re.compile(rb"%b(?:(?:\[%b\]|\{%b\})%b)*+([\[\]{}])" % (_PLAIN, _PLAIN, _PLAIN, _PLAIN), re.DOTALL)
_SCALAR = re.compile(rb"%b|[^,\]} \t\r\n]*+" % _STRING, re.DOTALL)


_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"


# A backslash can be part of an earlier escape, so every escape is matched.
_TO_HALF = re.compile(
    rb"[^\\]*+(?:(?:%b%b|\\(?!u[dD][89a-fA-F]).)[^\\]*+)*+(%b|%b)" % (_HIGH, _LOW, _HIGH, _LOW), re.DOTALL
)


_OPENING, _CLOSING = b"[{", {ord("["): ord("]"), ord("{"): ord("}")}


class Repeated(NamedTuple):
    """The second of two equal keys in one object."""

    at: int
    path: JsonPath


def repeated_key(text: Text) -> Repeated | None:
    """The first key in valid JSON that its object already has; ``"prn"`` and ``"\\u0070rn"`` are equal."""
    stack: list[tuple[set[str] | None, list[str | int]]] = []
    for token in _TOKEN.finditer(text):
        string, colon = token.groups()
        if colon:
            keys, here = stack[-1]
            assert keys is not None  # noqa: S101  # in valid JSON a colon stands in an object
            here[0] = key = text_of(string)
            if key in keys:
                return Repeated(token.start(), tuple(step for _, [step] in stack))
            keys.add(key)
        elif string is None:
            match text[token.start()]:
                case 0x7B:
                    stack.append((set(), [""]))
                case 0x5B:
                    stack.append((None, [0]))
                case 0x2C:
                    keys, here = stack[-1]
                    if keys is None:
                        here[0] = int(here[0]) + 1
                case _:
                    stack.pop()
    return None


def text_of(string: bytes) -> str:
    """The text of a JSON string with quotes."""
    return str(json.loads(string)) if b"\\" in string else string[1:-1].decode()


def says_all(text: bytes, decoded: object) -> bool:
    """Whether everything in a text is in the value that was decoded from it, so that no key was overwritten.

    True is certain; False can also mean that strings are written differently from how they would be encoded.
    """
    try:
        return _quotes(text) == _quotes(msgspec.json.encode(decoded))
    except (ValueError, OverflowError, RecursionError):
        return False  # integers beyond 64 bits cannot be encoded


def _quotes(text: bytes) -> int:
    """The number of quotes without a backslash before them: two for each string, or one if it ends in a backslash.

    Such a string is encoded in the same way, so a text has at least as many as its encoding, and more for each string
    that was overwritten.
    """
    quotes = text.count(b'"')
    return quotes - text.count(b'\\"') if b"\\" in text else quotes


def half_characters(text: Text) -> Iterator[tuple[int, int]]:
    """Begin and end of each escape of a lone surrogate."""
    end = 0
    while found := _TO_HALF.match(text, end):
        end = found.end()
        yield found.start(1), end


def deep_values(text: Text, depth: int, longest: int) -> Iterator[tuple[int, int | None]]:
    """Begin and end of each list or object in ``depth`` others that contains more; no end after ``longest`` bytes."""
    opened = bytearray()
    begin = end = 0
    while found := _TO_BRACKET.match(text, end):
        end = found.end()
        bracket = text[end - 1]
        if bracket in _OPENING:
            opened.append(bracket)
            if len(opened) == depth + 1:
                begin = end - 1
        elif not opened or _CLOSING[opened.pop()] != bracket:
            break
        elif len(opened) == depth:
            yield begin, end
        if len(opened) > depth and end - begin > longest:
            break
    if len(opened) > depth:
        yield begin, None


def end_of_value(text: Text, start: int) -> int | None:
    """The end of a value; None if ``text`` ends before it."""
    if start >= len(text):
        return None
    if text[start] not in _OPENING:
        found = _SCALAR.match(text, start)
        return found.end() if found and found.end() < len(text) else None
    depth, end = 1, start + 1
    while found := _TO_BRACKET.match(text, end):
        end = found.end()
        depth += 1 if text[end - 1] in _OPENING else -1
        if depth == 0:
            return end
    return None


def may_have_more(text: Text, most: int, depth: int) -> bool:
    """Whether a list in ``depth - 1`` others may have more than ``most`` elements; False is certain."""
    commas, level, end = 0, 0, 0
    while commas < most and (found := _TO_BRACKET.match(text, end)):
        # A list that is skipped in one step is one level up.
        if level in {depth - 1, depth}:
            commas += _commas(text, end, found.end())
        end = found.end()
        level += 1 if text[end - 1] in _OPENING else -1
    if level == 0 and depth == 1:
        # The list is the whole text and was skipped in one step.
        commas += _commas(text, end, len(text))
    return commas >= most


def has_more_values(text: bytes, most: int) -> bool:
    """Whether valid JSON contains more than ``most`` values, including those in lists and objects."""
    if _begun(text) < most:
        return False
    values = (token for token in _TOKEN.finditer(text) if text[token.start()] in b"[{,")
    return next(islice(values, most, None), None) is not None


def most_memory(text: bytes) -> int:
    """An upper estimate of the bytes that a decoded JSON value takes, without its texts."""
    return _VALUE_BYTES * _begun(text) + _OBJECT_BYTES * text.count(b"{")


def _begun(text: bytes) -> int:
    return text.count(b",") + text.count(b"[") + text.count(b"{")


def _commas(text: Text, begin: int, end: int) -> int:
    pieces = (text[start : min(start + _PIECE, end)] for start in range(begin, end, _PIECE))
    return sum(bytes(piece).count(b",") for piece in pieces)


_PIECE = 1 << 20
_VALUE_BYTES = 100
_OBJECT_BYTES = 150
WHITE_SPACE = re.compile(rb"[ \t\r\n]*+")
SEPARATOR = re.compile(rb"[ \t\r\n]*+,?[ \t\r\n]*+")


def skip(pattern: re.Pattern[bytes], content: memoryview, at: int) -> int:
    """The position after a pattern, or ``at`` if it does not match."""
    found = pattern.match(content, at)
    return found.end() if found else at
