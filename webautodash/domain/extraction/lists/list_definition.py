"""The declaration of a clinical list: its keys in a file, its columns and its rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from webautodash.domain.vocabulary import ConflictType, Severity

SCRAPE_FIELDS = ("row_index", "extraction_method", "extracted_at")


@dataclass(frozen=True)
class ClinicalList:
    """One list of a patient: how it is read, stored, compared and shown.

    A row has the columns of the list's table. A date field ``x`` has two columns: ``x`` (parsed) and ``x_text`` (raw).
    A value that does not fit its column stays in ``extra`` under its own name; nothing is dropped.

    Besides its declaration in ``LISTS``, a new list needs a model of its table in ``models.clinical``, a nullable
    column with its name in ``extraction_sessions`` for the number of its rows, and a revision that creates both.
    """

    name: str
    """The name of the list, of its table, and of the field in a conflict."""
    text_field: str
    text_keys: tuple[str, ...]
    """The keys that may hold the text of an item; the first key that is present wins."""
    type_field: str
    type_keys: tuple[str, ...]
    """The keys that may hold the type of an item; empty if the name of the list is the type."""
    copy_keys: tuple[str, ...]
    """Keys of text and type whose equal copies are not compared. Stored checksums depend on them."""
    prose_fields: tuple[str, ...]
    """Text of any length."""
    short_fields: tuple[str, ...]
    """Text of at most 255 characters."""
    date_fields: tuple[str, ...]
    split_lists: tuple[tuple[str, str], ...]
    """Keys of the separate lists in older files, each with the type that it implies."""
    shown_columns: tuple[str, ...]
    """The columns of the list in a table for people."""
    bare_names: tuple[str, ...] = ()
    """Keys of the list in files of other portals, which imply no type; the first key with items wins."""
    alternatives: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    """For each field, other keys that may hold it; the first that is present wins. A group of several keys is joined by
    a space if its first key is present."""
    range_field: str | None = None
    """The short field that holds a printed range of dates."""
    strength_field: str | None = None
    """The field that holds the strength of a medication, parsed from the text if the item does not state it."""
    code_field: str | None = None
    """The field that holds the ICD-10 codes in the text."""
    code_keys: tuple[str, ...] = ()
    """The keys that may hold the code if the text does not."""
    conflict_type: ConflictType = ConflictType.DATA_CHANGED
    """The type of the conflict if the list changes."""
    change_severity: Severity = Severity.LOW
    """The severity of that conflict."""
    removal_severity: Severity | None = None
    """The severity if a text is no longer in the list; None if a removal is a change like any other."""
    counts_when_empty: bool = False
    """Whether the checksum covers the list even if it is empty. True for the lists that the first version had. Lists
    that were added later must be False, so that the checksums of patients without items stay valid."""

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The columns that are compared as text; dates and ranges are compared as days."""
        short = (field for field in self.short_fields if field != self.range_field)
        strength = (f"{self.strength_field}_text",) if self.strength_field else ()
        return (self.text_field, self.type_field, *self.prose_fields, *short, *strength)

    @cached_property
    def copied(self) -> tuple[str, ...]:
        """The columns that are copied from an item, those that are compared first."""
        dates = (f"{field}_text" for field in self.date_fields)
        ranges = (self.range_field,) if self.range_field else ()
        return (*self.compared, *dates, *ranges, *SCRAPE_FIELDS)

    @cached_property
    def derived(self) -> tuple[str, ...]:
        """The columns that are derived from copied columns: days, strength, code."""
        return (*self.date_fields, *(field for field in (self.strength_field, self.code_field) if field))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All columns of a row except its ids: copied, derived, ``extra``."""
        return (*self.copied, *self.derived, "extra")

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The columns that make a row an item. The type can come from the list's name, so it is not among them."""
        no_content = (self.type_field, *SCRAPE_FIELDS)
        return (*(name for name in self.copied if name not in no_content), "extra")

    @cached_property
    def alternatives_by_field(self) -> Mapping[str, tuple[tuple[str, ...], ...]]:
        """``alternatives`` as a mapping."""
        return dict(self.alternatives)

    @cached_property
    def item_keys(self) -> frozenset[str]:
        """All keys of an item that provide the value of a column."""
        own = (
            column.removesuffix("_text") for column in self.copied if column not in (self.text_field, self.type_field)
        )
        others = (key for _, groups in self.alternatives for keys in groups for key in keys)
        return frozenset((*own, *self.text_keys, *self.type_keys, *others, *self.code_keys))

    @cached_property
    def text_copies(self) -> frozenset[str]:
        """The ``copy_keys`` of the text."""
        return frozenset(self.copy_keys).intersection(self.text_keys)

    @cached_property
    def type_copies(self) -> frozenset[str]:
        """The ``copy_keys`` of the type, and the key of a type that the list's name has overruled."""
        return frozenset(self.copy_keys).intersection(self.type_keys) | {"own_type"}

    @cached_property
    def list_keys(self) -> tuple[str, ...]:
        """All keys of a patient that may hold the list."""
        return (self.key, *(key for key, _ in self.split_lists), *self.bare_names)

    @property
    def key(self) -> str:
        """The key of the list in a patient."""
        return f"all_{self.name}"

    @property
    def title(self) -> str:
        """The name of the list for people."""
        return self.name.replace("_", " ")
