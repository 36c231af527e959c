"""Work that may never end, and how long it is waited for."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from local_server import wait_until

from webautodash.errors import NoAnswer
from webautodash.services.timeouts import Progressed, TimeLimit


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """What hanging work waits for."""
    answer = threading.Event()
    yield answer
    answer.set()


@pytest.fixture
def begun() -> Callable[[], int]:
    """How many threads there are that were begun since; those of other tests may end at any time."""

    def all_of_them() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "looking at files"}

    before = all_of_them()
    return lambda: len(all_of_them() - before)


def test_what_work_returns_or_raises_is_handed_on_and_one_thread_does_it_all(begun: Callable[[], int]) -> None:
    patience = TimeLimit(60)
    assert [patience.within(f"folder {n}", lambda n=n: n * n, 60) for n in range(20)] == [n * n for n in range(20)]
    with pytest.raises(ZeroDivisionError):
        patience.within("folder", lambda: 1 // 0, 60)
    assert patience.while_progressing("folder", lambda _: "still working") == "still working"
    assert begun() == 1
    del patience
    gc.collect()
    assert wait_until(lambda: begun() == 0)


def test_where_something_hangs_nothing_else_is_begun_and_elsewhere_work_goes_on(
    answer: threading.Event, begun: Callable[[], int]
) -> None:
    patience = TimeLimit(0.1)
    done: list[str] = []
    with pytest.raises(NoAnswer, match=r"dead does not answer within 0\.1 s"):
        patience.within("dead", answer.wait, 0.1)
    for _ in range(3):
        with pytest.raises(NoAnswer):
            patience.while_progressing("dead", lambda _: done.append("dead"))
        patience.within("alive", lambda: done.append("alive"), 60)
    assert done == ["alive"] * 3
    assert begun() == 2
    answer.set()
    deadline = time.monotonic() + 30
    while "back" not in done and time.monotonic() < deadline:
        try:
            patience.within("dead", lambda: done.append("back"), 60)
        except NoAnswer:
            time.sleep(0.01)
    assert done[-1] == "back"


def test_work_that_goes_on_is_waited_for_as_long_as_it_takes(answer: threading.Event) -> None:
    patience = TimeLimit(0.5)

    def slow(moved: Progressed) -> str:
        for _ in range(20):
            time.sleep(0.05)
            moved()
        return "done"

    def stuck(moved: Progressed) -> None:
        moved()
        answer.wait()

    assert patience.while_progressing("slow", slow) == "done"
    with pytest.raises(NoAnswer):
        patience.while_progressing("stuck", stuck)
