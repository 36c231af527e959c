"""Sessions that roll back what was not committed, and the repetition of interrupted transactions."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from webautodash.database.error_translation import translated
from webautodash.database.products import TRIES, ProductServer
from webautodash.errors import DatabaseUnreachable, NoFreeConnection, TransientError

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.05


@contextmanager
def session_on(engine: Engine, server: ProductServer, database: str) -> Iterator[Session]:
    """A session; leaving it without ``commit()`` rolls back everything that was done in it.

    Raises this package's errors instead of the driver's, whose texts quote values.
    """
    with translated(server, database), Session(engine, autoflush=False, expire_on_commit=False) as session:
        yield session


def retrying(work: Callable[[], T], seconds: float) -> T:
    """Call ``work`` again while it raises TransientError, with growing pauses.

    ``work`` is a whole transaction: what failed in it is rolled back before the next attempt. The last of at most TRIES
    attempts begins within ``seconds`` after the first failure. A transaction that takes longer than that is repeated
    once.
    """
    end = None
    for attempt in range(1, TRIES):
        try:
            return work()
        except (DatabaseUnreachable, NoFreeConnection):
            raise
        except TransientError:
            if end is None:
                end = time.monotonic() + seconds
            elif time.monotonic() >= end:
                raise
            pause = _FIRST_PAUSE_SECONDS * 2**attempt
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # jitter, no secret
    return work()
