"""What a look at the stored rows found."""

from dataclasses import dataclass
from enum import StrEnum

from webautodash.services.paging import Unreadable
from webautodash.services.verify.divergence import Divergence

EXTRACTIONS = "patient_extractions"
SESSIONS = "extraction_sessions"


class RowFault(StrEnum):
    """What is wrong with a row."""

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
    """A row that is not what it was. ``message`` names columns and numbers of rows, never a value."""

    table: str | None
    id: int | None
    wrong: RowFault
    message: str


@dataclass(frozen=True, slots=True)
class ProviderVerification:
    """What was looked at of one provider, and what is wrong."""

    slug: str
    name: str
    database_name: str
    extractions: int
    rows: int
    """Of all lists."""
    unchecked: int
    """Extractions that were written before each row had a check; of them the clinical checksum is compared."""
    differences: int
    wrong: tuple[WrongRow, ...]
    """The first of them, by table and number; all where they are not very many."""
    divergence: Divergence | None = None
    """What the system database has recorded otherwise."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at; ``problems`` are databases that could not be."""

    providers: tuple[ProviderVerification, ...]
    problems: tuple[Unreadable, ...]

    @property
    def is_right(self) -> bool:
        """Whether all could be read, and nothing is wrong."""
        return not self.problems and not any(one.differences or one.divergence for one in self.providers)
