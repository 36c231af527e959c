"""The internals of libraries that the program uses: each test fails when a library changes them."""

from typing import Any

import msgspec
import pytest
from pymysql.connections import Connection as Driver
from pymysql.protocol import MysqlPacket, OKPacketWrapper
from sqlalchemy import create_engine, event, literal, select
from sqlalchemy.pool import ConnectionPoolEntry

from webautodash.database.private_apis import CompiledStatements, CustomPool
from webautodash.domain.extraction.decoder_errors import DecoderError, parts_of

LARGE_NUMBER = f"[{'9' * 5000}]"


def test_two_engines_share_a_compiled_statement() -> None:
    cache = CompiledStatements()
    options = {"compiled_cache": cache}
    for engine in (create_engine("sqlite://", execution_options=options) for _ in range(2)):
        with engine.connect() as connection:
            assert connection.scalar(select(literal(7))) == 7
        engine.dispose()
    assert len(cache) == 1


def test_a_pool_hands_out_what_its_subclass_decides() -> None:
    kept: list[ConnectionPoolEntry] = []

    class OneConnection(CustomPool):
        def acquire(self, open_new: object) -> ConnectionPoolEntry:
            return kept.pop() if kept else open_new()

        def release(self, entry: ConnectionPoolEntry) -> None:
            kept.append(entry)

    engine = create_engine("sqlite://", poolclass=OneConnection)
    opened: list[object] = []
    event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
    for _ in range(3):
        with engine.connect() as connection:
            assert connection.scalar(select(literal(7))) == 7
    assert len(opened) == len(kept) == 1
    kept.pop().close()


def test_the_driver_has_what_a_load_uses() -> None:
    driver = Driver(defer_connect=True, read_timeout=5)
    assert driver._read_timeout == 5
    assert all(callable(getattr(driver, name)) for name in ("_execute_command", "_read_packet", "write_packet"))
    assert callable(MysqlPacket.is_load_local_packet)
    assert {"affected_rows", "warning_count", "server_status"} <= set(OKPacketWrapper.__init__.__code__.co_names)


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ('{"a":[1', Any, DecoderError("Input data was truncated", None, "")),
        ('{"a" 1}', Any, DecoderError("JSON is malformed: expected ':'", 5, "")),
        ("[1]x", Any, DecoderError("JSON is malformed: trailing characters", 4, "")),
        ("[1e400]", Any, DecoderError("Number out of range", None, "[0]")),
        (LARGE_NUMBER, Any, DecoderError("Integer value out of range", None, "[0]")),
        ('["x"]', list[int], DecoderError("Expected `int`, got `str`", None, "[0]")),
        ("[]", dict[str, int], DecoderError("Expected `object`, got `array`", None, "")),
    ],
)
def test_the_decoder_states_what_is_wrong_and_where(text: str, kind: Any, parts: DecoderError) -> None:
    with pytest.raises(msgspec.MsgspecError) as refused:
        msgspec.json.decode(text, type=kind)
    found = parts_of(refused.value)
    assert found == parts
    assert found.is_truncated == (text == '{"a":[1')
    assert found.is_number_out_of_range == (text in {"[1e400]", LARGE_NUMBER})
