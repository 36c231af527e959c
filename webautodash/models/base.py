"""The two declarative bases, the naming convention of constraints, and column types named by meaning."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import CheckConstraint, Index, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webautodash.database.products import types
from webautodash.domain.dates import utc_now
from webautodash.domain.limits import NAME_KEY_LENGTH, PRN_LENGTH, SHORT_TEXT_LENGTH

_NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    # Without the referred table: some names would exceed 64 characters, the limit of some servers.
    "fk": "fk_%(table_name)s_%(column_0_name)s",
}

BigId = Annotated[int, mapped_column(types.BIG_ID)]
Prn = Annotated[str, mapped_column(types.bytewise(PRN_LENGTH))]
Name = Annotated[str, mapped_column(String(SHORT_TEXT_LENGTH))]
NameKey = Annotated[str, mapped_column(types.bytewise(NAME_KEY_LENGTH))]
Key = Annotated[str, mapped_column(types.bytewise(SHORT_TEXT_LENGTH))]
Identifier = Annotated[str, mapped_column(types.bytewise(64))]
Word = Annotated[str, mapped_column(String(32))]
Prose = Annotated[str, mapped_column(types.LongText)]
Sha256 = Annotated[str, mapped_column(types.SHA256)]
Json = Annotated[Any, mapped_column(types.JsonText)]

_APPEND_ONLY = "append_only"
_TYPES = {datetime: types.UtcDateTime, date: types.Day, str: String(SHORT_TEXT_LENGTH)}


class SystemBase(DeclarativeBase):
    """Tables of the system database. None of them holds a patient's name, PRN or date."""

    metadata = MetaData(naming_convention=_NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = _TYPES


class ProviderBase(DeclarativeBase):
    """Tables of one provider's database."""

    metadata = MetaData(naming_convention=_NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = _TYPES


class Demographic:
    """A patient's demographics as the portal printed them; the birth date also parsed."""

    patient_uuid: Mapped[Name | None]
    patient_name: Mapped[Name | None]
    first_name: Mapped[Name | None]
    last_name: Mapped[Name | None]
    date_of_birth: Mapped[date | None]
    date_of_birth_text: Mapped[Name | None]
    age: Mapped[Name | None]
    gender: Mapped[Name | None]
    phone: Mapped[Name | None]
    email: Mapped[Name | None]
    address: Mapped[Prose | None]


class Created:
    """Rows with the time at which they were inserted."""

    created_at: Mapped[datetime] = mapped_column(default=utc_now)


def table_options(*constraints: Any, append_only: bool = False) -> tuple[Any, ...]:
    """``__table_args__``: the constraints, and the table options that are not left to a server's defaults.

    ``append_only``: rows are inserted, never changed or deleted; the account of a single database has no right to.
    """
    return (*constraints, {**types.TABLE_OPTIONS, "info": {_APPEND_ONLY: append_only}})


def long_text_index(column: str) -> Index:
    """An index on the first letters of a text of any length."""
    return Index(None, column, **types.TEXT_INDEX_OPTIONS)


def append_only_tables(base: type[DeclarativeBase]) -> tuple[str, ...]:
    """The names of the tables whose rows are never changed or deleted."""
    return tuple(table.name for table in base.metadata.sorted_tables if table.info.get(_APPEND_ONLY))


def changeable_tables(base: type[DeclarativeBase]) -> tuple[str, ...]:
    """The names of all other tables."""
    return tuple(table.name for table in base.metadata.sorted_tables if not table.info.get(_APPEND_ONLY))


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """A CHECK constraint that a column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
