"""Limits of length, depth and number. The models take the lengths of their columns from here."""

PRN_LENGTH = 128
SHORT_TEXT_LENGTH = 255
NAME_KEY_LENGTH = 64

# No clinical record is nested deeper, and deeper JSON would exhaust the stack of a reader.
NESTING_DEPTH = 64

# Extraction files have 1 GB at most. A setting can change this limit.
LARGEST_FILE = 1536 << 20
# Usual sizes: a few hundred bytes for the metadata, a few thousand for a patient, some hundred items for a list.
LARGEST_METADATA = 1 << 20
LARGEST_PATIENT = 4 << 20
MOST_ITEMS = 10_000
# In all lists of a patient together.
MOST_ROWS = 5 * MOST_ITEMS
# Values in a patient's JSON; keys do not count. The limit is needed beside the size: an empty list has two bytes in the
# file and takes a hundred bytes of memory.
MOST_VALUES = 300_000
# A patient above LARGEST_PATIENT is set aside unchanged, if its row in a statement is not larger than this. On the way
# to a server, up to ten copies of that row are in memory.
LARGEST_SET_ASIDE = 17 << 20
MOST_PATIENTS = 1_000_000


def nested_too_deeply(value: object, depth: int = NESTING_DEPTH) -> bool:
    """Whether lists and objects in a JSON value are nested deeper than ``depth``."""
    if not isinstance(value, dict | list):
        return False
    if depth == 0:
        return True
    return any(nested_too_deeply(part, depth - 1) for part in (value.values() if isinstance(value, dict) else value))
