"""The registry of providers, and the Results folders of a store."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import ProviderStatus
from webautodash.models.base import (
    BigId,
    Created,
    Identifier,
    Key,
    Name,
    Prose,
    Sha256,
    SystemBase,
    Word,
    one_of,
    table_options,
)


class Provider(Created, SystemBase):
    """A registered provider, the name of its database, and counters of what the database holds."""

    __tablename__ = "providers"
    __table_args__ = table_options(one_of("status", ProviderStatus), one_of("date_order", ("mdy", "dmy")))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    identity: Mapped[Word] = mapped_column(unique=True)
    """32 hexadecimal digits that the provider's database repeats, so that one database cannot be taken for another."""
    name: Mapped[Name]
    name_key: Mapped[Key] = mapped_column(unique=True)
    letters_key: Mapped[Key] = mapped_column(unique=True)
    slug: Mapped[Identifier] = mapped_column(unique=True)
    folder: Mapped[Name | None]
    database_name: Mapped[Identifier] = mapped_column(unique=True)
    date_order: Mapped[Word] = mapped_column(default="mdy")
    status: Mapped[Word]
    total_patients: Mapped[int] = mapped_column(default=0)
    total_extractions: Mapped[int] = mapped_column(default=0)
    total_sessions: Mapped[int] = mapped_column(default=0)
    total_conflicts: Mapped[int] = mapped_column(default=0)
    # Deferred: providers are also read from a system database that is behind and does not have these columns yet.
    open_low: Mapped[int | None] = mapped_column(default=0, deferred=True)
    open_medium: Mapped[int | None] = mapped_column(default=0, deferred=True)
    open_high: Mapped[int | None] = mapped_column(default=0, deferred=True)
    open_critical: Mapped[int | None] = mapped_column(default=0, deferred=True)
    """Number of open conflicts of each severity; NULL until they are first counted."""
    last_session_id: Mapped[int | None] = mapped_column(BigInteger, deferred=True)
    last_session_sha256: Mapped[Sha256 | None] = mapped_column(deferred=True)
    """The newest session recorded here. A database without it was restored from an older backup."""
    total_reviews: Mapped[int | None] = mapped_column(deferred=True)
    """The highest number of decisions seen in the database: review steps and decisions about sessions."""
    last_extraction: Mapped[datetime | None]


class ProviderAlias(Created, SystemBase):
    """Another name of a registered provider, or of its folder."""

    __tablename__ = "provider_aliases"
    __table_args__ = table_options()

    id: Mapped[BigId] = mapped_column(primary_key=True)
    provider_id: Mapped[BigId] = mapped_column(ForeignKey("providers.id"), index=True)
    name: Mapped[Name]
    name_key: Mapped[Key] = mapped_column(unique=True)
    letters_key: Mapped[Key] = mapped_column(index=True)


class ResultsRoot(Created, SystemBase):
    """One path of a Results root, on one machine. A root may have several paths, such as mounts of one folder."""

    __tablename__ = "results_roots"
    __table_args__ = table_options(UniqueConstraint("name", "folder_sha256"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    name: Mapped[Word]
    folder: Mapped[Prose]
    """The folder's real path."""
    folder_sha256: Mapped[Sha256]
    """SHA-256 of ``folder``, which is too long for a unique key."""
    host: Mapped[Name]
    """The machine that recorded the folder."""
