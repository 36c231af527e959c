"""The reasons to set a readable patient aside, and what a person accepts together."""

INCOMPLETE = "incomplete_extraction"
"""The reason to set an incomplete extraction aside."""
EMPTIED = "emptied"
"""All lists are empty, and the patient's latest complete extraction had items."""
OTHER_PERSON = "other_person"
"""Name and birth date both differ from those that are stored for the PRN."""
REPEATED_PRN = "repeated_prn"
"""The file has another patient with this PRN, which is stored. This one is only kept here and needs no decision."""

_LISTS = frozenset({INCOMPLETE, EMPTIED})
ACCEPTED_WITH = {INCOMPLETE: _LISTS, EMPTIED: _LISTS, OTHER_PERSON: _LISTS | {OTHER_PERSON}}
"""For each reason, the reasons that a person also accepts with it.

Accepting the lists of a patient does not accept that they belong to this person.
"""
