"""How long and how deep a value may be; the models take their lengths from here."""

PRN_LENGTH = 128
SHORT_TEXT_LENGTH = 255

# Deeper JSON than this is no clinical record, and would exhaust the stack of whoever reads it back.
NESTING_DEPTH = 64


def nested_too_deeply(value: object, depth: int = NESTING_DEPTH) -> bool:
    """Whether a JSON value holds lists and objects in each other beyond ``depth``."""
    if not isinstance(value, dict | list):
        return False
    if depth == 0:
        return True
    return any(nested_too_deeply(part, depth - 1) for part in (value.values() if isinstance(value, dict) else value))
