"""Files: the state of each path below Results, accepted held files, and which provider each file content belongs to."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import FileState
from webautodash.models.base import BigId, Identifier, Name, Prose, Sha256, SystemBase, Word, one_of, table_options


class IngestedFile(SystemBase):
    """The state of one path. Whether its content is stored is decided by the session row in the provider's database."""

    __tablename__ = "ingested_files"
    __table_args__ = table_options(one_of("state", FileState), Index(None, "state"), Index(None, "content_sha256"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    path_sha256: Mapped[Sha256] = mapped_column(unique=True)
    """SHA-256 of ``path``, which is too long for a unique key."""
    path: Mapped[Prose]
    provider_id: Mapped[BigId | None] = mapped_column(ForeignKey("providers.id"), index=True)
    content_sha256: Mapped[Sha256 | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    """Modification time of the bytes that were read; NULL if a later change could have the same time."""
    session_id: Mapped[int | None] = mapped_column(BigInteger)
    """Id of the file's session in the provider's database."""
    look: Mapped[Identifier | None]
    """Inode, size, mtime and ctime when the file was last seen or processed."""
    state: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    """Number of attempts since the file last changed."""
    unfinished: Mapped[int | None]
    """Number of attempts that began and never ended, for example because the process was killed; NULL means 0."""
    unfinished_look: Mapped[Identifier | None]
    """``look`` when the last unfinished attempt began; these attempts count only while the file is unchanged."""
    next_attempt_at: Mapped[datetime | None]
    """Time of a waiting file's next attempt; NULL means as soon as possible."""
    reason: Mapped[Prose | None]
    kind: Mapped[Word | None]
    """The error kind of ``reason``."""
    found: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    set_aside: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int | None]
    """Time from opening the file to its commit."""
    first_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class FileAcceptance(SystemBase):
    """A person's decision to ingest a held file. The reason is kept with the session in the provider's database."""

    __tablename__ = "file_acceptances"
    # A later acceptance of the same path, content and kind replaces the earlier one.
    __table_args__ = table_options(UniqueConstraint("path_sha256", "content_sha256", "kind"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    path_sha256: Mapped[Sha256]
    content_sha256: Mapped[Sha256]
    kind: Mapped[Word]
    """Why the file was held."""
    extracted_at: Mapped[datetime | None]
    """The correct time, if the file's own is wrong."""
    accepted_by: Mapped[Name]
    accepted_at: Mapped[datetime]


class StoredContent(SystemBase):
    """The provider that a file content belongs to.

    The row is written before the file is stored, so that two workers that store the same content for different
    providers notice each other.
    """

    __tablename__ = "stored_contents"
    __table_args__ = table_options()

    content_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    # No foreign key: it would lock the provider's row, and others wait for its counters.
    provider_id: Mapped[BigId]
    claimed_at: Mapped[datetime]
