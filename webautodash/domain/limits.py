"""How long, how deep and how many something may be; the models take their lengths from here."""

PRN_LENGTH = 128
SHORT_TEXT_LENGTH = 255

# Deeper JSON than this is no clinical record, and would exhaust the stack of whoever reads it back.
NESTING_DEPTH = 64

# A file is 1 GB at most; what is beyond that by far is no extraction. A setting.
LARGEST_FILE = 1536 << 20
# A few hundred bytes are usual for the metadata, a few thousand for a patient, some hundred items for a list.
LARGEST_METADATA = 1 << 20
LARGEST_PATIENT = 4 << 20
MOST_ITEMS = 10_000
# Of all lists of a patient together.
MOST_ROWS = 5 * MOST_ITEMS
# Values in a patient's JSON, keys not counted: decoded, an empty list of two bytes takes fifty times as many.
MOST_VALUES = 300_000
# What is larger than a patient may be is set aside as it came, up to this, as a statement has it: one row, of which
# there are ten copies in memory on its way to a server.
LARGEST_SET_ASIDE = 17 << 20
MOST_PATIENTS = 1_000_000


def nested_too_deeply(value: object, depth: int = NESTING_DEPTH) -> bool:
    """Whether a JSON value holds lists and objects in each other beyond ``depth``."""
    if not isinstance(value, dict | list):
        return False
    if depth == 0:
        return True
    return any(nested_too_deeply(part, depth - 1) for part in (value.values() if isinstance(value, dict) else value))
