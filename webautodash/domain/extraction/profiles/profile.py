"""A profile: how one portal's files are recognised, and where they hold what the native shape has.

A path is a sequence of keys that starts at the document or at the patient. It has no indexes, wildcards or steps
upwards, so a profile reads nothing outside of the document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from webautodash.domain.extraction.json_text import JsonPath

BUILT_IN = "built in"
"""The source of a profile of the program itself."""
NATIVE_PROFILE = "practice_fusion"
"""The name of the native profile."""
KeyPath = tuple[str, ...]
"""Keys that lead to a value; empty for the document itself."""
Alternatives = tuple[KeyPath, ...]
"""Several places of one value: the first that holds one wins."""


@dataclass(frozen=True, slots=True)
class ListMapping:
    """Where a clinical list is in a patient, and which keys of its items hold which field."""

    at: Alternatives = ()
    split: tuple[tuple[str, KeyPath], ...] = ()
    """Lists for one type each, by the key of the native list for that type."""
    fields: tuple[tuple[str, tuple[Alternatives, ...]], ...] = ()
    """For each native key of an item its alternatives. One of several paths is joined by spaces."""


@dataclass(frozen=True)
class Profile:
    """One profile, as its file states it."""

    name: str
    title: str
    source: str
    """``BUILT_IN``, or the path of its file."""
    text: str
    """The TOML that it was read from."""
    sha256: str
    """The SHA-256 of that text, 64 hexadecimal digits."""
    portal_names: tuple[str, ...] = ()
    portal_types: tuple[str, ...] = ()
    shape: tuple[Alternatives, ...] = ()
    """Paths in a patient that must all be there if the portal is not named."""
    patients: Alternatives = ()
    metadata: tuple[tuple[str, Alternatives], ...] = ()
    """Native keys of the metadata, each with its places in the document beside the native one."""
    demographics: Alternatives = ()
    """The object of a patient whose other fields are demographics too."""
    person: tuple[tuple[str, Alternatives], ...] = ()
    """Native keys of the demographics with their places in a patient."""
    patient: tuple[tuple[str, Alternatives], ...] = ()
    """Other native keys of a patient with their places."""
    lists: Mapping[str, ListMapping] = field(default_factory=dict)
    """By the name of a clinical list."""

    @property
    def is_native(self) -> bool:
        """Whether its patients are read as they are."""
        return not (self.demographics or self.person or self.patient or self.lists)

    @property
    def is_built_in(self) -> bool:
        """Whether the program has it, not a user's folder."""
        return self.source == BUILT_IN

    @cached_property
    def prn_places(self) -> Alternatives:
        """The places of the PRN in a patient, the native one last."""
        return (*dict(self.person).get("prn", ()), ("demographics_printable", "prn"))

    def place_in_file(self, native: str) -> str:
        """The path in a file of this portal for a path in the native shape, as an error shows it."""
        for key, alternatives in self.person:
            if native == f"demographics_printable.{key}":
                return " or ".join(map(dotted, alternatives))
        for name, mapping in self.lists.items():
            for key, path in (*((f"all_{name}", one) for one in mapping.at[:1]), *mapping.split):
                if native == key or native.startswith((f"{key}[", f"{key}.", f"{key}:")):
                    return dotted(path) + native.removeprefix(key)
        return native


def dotted(path: JsonPath) -> str:
    """A path as a profile writes it."""
    quoted = (f'"{key}"' if "." in str(key) or not str(key) else str(key) for key in path)
    return ".".join(quoted) or "$"
