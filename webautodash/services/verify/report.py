"""The result of a verification."""

from dataclasses import dataclass
from enum import StrEnum

from webautodash.services.paging import Unreadable
from webautodash.services.verify.divergence import Divergence

EXTRACTIONS = "patient_extractions"
SESSIONS = "extraction_sessions"


class RowFault(StrEnum):
    """The kind of fault of a row."""

    ROW = "row"
    CHECKSUM = "checksum"
    DUPLICATE = "duplicate"
    STRAY = "stray"
    MISREAD = "misread"
    UNREADABLE = "unreadable"
    PATIENT = "patient"
    SESSION = "session"
    MASTER = "master"
    COUNTS = "counts"
    INCOMPLETE = "incomplete"
    PARENT = "parent"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row that is not as it was written. ``message`` names columns and row numbers, never a value."""

    table: str | None
    id: int | None
    wrong: RowFault
    message: str


@dataclass(frozen=True, slots=True)
class ProviderVerification:
    """The verification of one provider: what was checked, and what is wrong."""

    slug: str
    name: str
    database_name: str
    extractions: int
    rows: int
    """Clinical rows of all lists."""
    unchecked: int
    """Extractions of older versions, without row checksums; only their clinical checksum is compared."""
    differences: int
    wrong: tuple[WrongRow, ...]
    """Wrong rows by table and number, up to ``MOST_NAMED``; ``differences`` counts all."""
    divergence: Divergence | None = None
    """How the system database differs from the provider's."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The verification of providers; ``problems`` are databases that could not be verified."""

    providers: tuple[ProviderVerification, ...]
    problems: tuple[Unreadable, ...]

    @property
    def is_right(self) -> bool:
        """Whether every database could be read and nothing is wrong."""
        return not self.problems and not any(one.differences or one.divergence for one in self.providers)
