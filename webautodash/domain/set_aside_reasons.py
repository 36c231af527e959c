"""Reasons for which a readable patient is set aside."""

from webautodash.domain.extraction.completeness import INCOMPLETE

EMPTIED = "emptied"
"""All lists are empty, and the patient's latest complete extraction had items."""


OTHER_PERSON = "other_person"
"""Name and birth date both differ from those that are known by the PRN."""


REPEATED_PRN = "repeated_prn"
"""The file has another patient with this PRN, who is stored; this one is kept here alone, and needs no decision."""


_LISTS = frozenset({INCOMPLETE, EMPTIED})


ACCEPTED_WITH = {INCOMPLETE: _LISTS, EMPTIED: _LISTS, OTHER_PERSON: _LISTS | {OTHER_PERSON}}
"""What a person who accepts a patient that was set aside for a reason has decided.

A person who says that the lists are true has not said whose they are.
"""
