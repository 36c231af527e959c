"""How often this process looks for garbage."""

import gc


def collect_rarely() -> None:
    """Let this process look for cyclic garbage rarely; for a program that does nothing but ingest.

    Ingestion makes a hundred thousand objects per batch and no cycles: at Python's usual pace the search for cycles
    takes a quarter of the time. The objects of imported modules are not searched at all.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
