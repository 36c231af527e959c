"""How long a value may be to fit its column; the models take their lengths from here."""

PRN_LENGTH = 128
SHORT_TEXT_LENGTH = 255

# Deeper JSON than this is no clinical record, and would exhaust the stack of whoever reads it back.
NESTING_DEPTH = 64
