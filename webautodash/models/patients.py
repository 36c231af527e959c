"""Whose database it is, and the master rows of its patients."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import (
    BigId,
    Created,
    Demographic,
    Identifier,
    Json,
    Name,
    Prn,
    ProviderBase,
    Word,
    table_options,
)


class DatabaseIdentity(Created, ProviderBase):
    """The one row that says whose database this is; checked each time the database is opened."""

    __tablename__ = "database_identity"
    __table_args__ = table_options()

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identity: Mapped[Word]
    slug: Mapped[Identifier]
    name: Mapped[Name]
    folder: Mapped[Name | None]
    date_order: Mapped[Word]
    aliases: Mapped[Json]
    """The other names, as a list: what the registry needs to be rebuilt from here."""
    migrating_to: Mapped[Word | None]
    """The revision that a migration at work, or one that was interrupted, is on its way to."""
    migrating_since: Mapped[datetime | None]


class Patient(Created, Demographic, ProviderBase):
    """One person in one provider's database, known by PRN; the portal's UUID changes and is no identity.

    The values are those of the extraction with the latest ``extracted_at``; a value that it lacks stays as known.
    """

    __tablename__ = "patients"
    __table_args__ = table_options()

    id: Mapped[BigId] = mapped_column(primary_key=True)
    # Unique: the identity; a batch makes, locks and finds its patients by it.
    prn: Mapped[Prn] = mapped_column(unique=True)
    other_demographics: Mapped[Json | None]
    """Fields of ``demographics_printable`` that have no column; none in rows of earlier versions."""
    as_of: Mapped[datetime | None]
    """``extracted_at`` of the extraction that these values come from."""
    # No look-up goes by it: MySQL and MariaDB want an index under every foreign key.
    extraction_session_id: Mapped[BigId] = mapped_column(ForeignKey("extraction_sessions.id"), index=True)
    """The session that these values come from."""
    updated_at: Mapped[datetime]
