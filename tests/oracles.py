"""What another way than the program's own finds."""

from __future__ import annotations

import json
from typing import Any


def has_repeated_key(text: bytes) -> bool:
    """Whether a key of valid JSON stands twice in one object, as the standard library tells."""
    found = False

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        found = found or len(dict(pairs)) < len(pairs)
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    return found
