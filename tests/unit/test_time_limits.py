"""Calls that may never return, and the limit of their time."""

import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from local_server import wait_until

from webautodash.domain.extraction.document.private_copy import KeepAlive
from webautodash.errors import NoAnswer
from webautodash.services.timeouts import TimeLimit


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """An event that hanging calls wait for."""
    answer = threading.Event()
    yield answer
    answer.set()


@pytest.fixture
def started() -> Callable[[], int]:
    """The number of threads that were started since; those of other tests may end at any time."""

    def all_threads() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "time limit"}

    before = all_threads()
    return lambda: len(all_threads() - before)


def test_results_and_errors_are_passed_on_and_one_thread_makes_all_calls(started: Callable[[], int]) -> None:
    limit = TimeLimit(60)
    assert [limit.within(f"folder {n}", lambda n=n: n * n, 60) for n in range(20)] == [n * n for n in range(20)]
    with pytest.raises(ZeroDivisionError):
        limit.within("folder", lambda: 1 // 0, 60)
    assert limit.while_progressing("folder", lambda _: "still working") == "still working"
    assert started() == 1
    del limit
    gc.collect()
    assert wait_until(lambda: started() == 0)


def test_while_a_call_hangs_only_its_own_folder_is_blocked(answer: threading.Event, started: Callable[[], int]) -> None:
    limit = TimeLimit(0.1)
    done: list[str] = []
    with pytest.raises(NoAnswer):
        limit.within("dead", answer.wait, 0.1)
    for _ in range(3):
        with pytest.raises(NoAnswer):
            limit.while_progressing("dead", lambda _: done.append("dead"))
        limit.within("alive", lambda: done.append("alive"), 60)
    assert done == ["alive"] * 3
    assert started() == 2
    answer.set()
    deadline = time.monotonic() + 30
    while "back" not in done and time.monotonic() < deadline:
        try:
            limit.within("dead", lambda: done.append("back"), 60)
        except NoAnswer:
            time.sleep(0.01)
    assert done[-1] == "back"


def test_a_call_that_makes_progress_has_no_limit(answer: threading.Event) -> None:
    limit = TimeLimit(0.5)

    def slow(keep_alive: KeepAlive) -> str:
        for _ in range(20):
            time.sleep(0.05)
            keep_alive()
        return "done"

    def stuck(keep_alive: KeepAlive) -> None:
        keep_alive()
        answer.wait()

    assert limit.while_progressing("slow", slow) == "done"
    with pytest.raises(NoAnswer):
        limit.while_progressing("stuck", stuck)
