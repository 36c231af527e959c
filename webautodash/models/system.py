"""The registry of providers, the log, what is known of each file, and who watches for new ones."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import FileState, Level, MonitorState, ProviderStatus
from webautodash.models.base import (
    BigId,
    Created,
    Identifier,
    Json,
    Key,
    Name,
    Prose,
    Sha256,
    SystemBase,
    Word,
    one_of,
    table_options,
    utc_now,
)


class Provider(Created, SystemBase):
    """A registered provider and the name of the one database that is theirs."""

    __tablename__ = "providers"
    __table_args__ = table_options(one_of("status", ProviderStatus), one_of("date_order", ("mdy", "dmy")))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    identity: Mapped[Word] = mapped_column(unique=True)
    """32 hexadecimal digits that the provider's database repeats, so that neither can be mistaken."""
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
    # Deferred: who is registered is asked of a system database that is behind, too, and that has no such columns yet.
    open_low: Mapped[int | None] = mapped_column(default=0, deferred=True)
    open_medium: Mapped[int | None] = mapped_column(default=0, deferred=True)
    open_high: Mapped[int | None] = mapped_column(default=0, deferred=True)
    open_critical: Mapped[int | None] = mapped_column(default=0, deferred=True)
    """Conflicts that wait for a person; none where they were not counted yet."""
    last_session_id: Mapped[int | None] = mapped_column(BigInteger, deferred=True)
    last_session_sha256: Mapped[Sha256 | None] = mapped_column(deferred=True)
    """The newest session that was recorded here: a database that lacks it was put back from an older backup."""
    total_reviews: Mapped[int | None] = mapped_column(deferred=True)
    """The most decisions of people that their database was seen with: steps of reviews, decisions about sessions."""
    last_extraction: Mapped[datetime | None]


class ProviderAlias(Created, SystemBase):
    """Another name, or another folder's name, of a registered provider."""

    __tablename__ = "provider_aliases"
    __table_args__ = table_options()

    id: Mapped[BigId] = mapped_column(primary_key=True)
    provider_id: Mapped[BigId] = mapped_column(ForeignKey("providers.id"), index=True)
    name: Mapped[Name]
    name_key: Mapped[Key] = mapped_column(unique=True)
    letters_key: Mapped[Key] = mapped_column(index=True)


class SystemLog(SystemBase):
    """One event. ``details`` holds counts and codes, never a value out of a patient's record."""

    __tablename__ = "system_logs"
    __table_args__ = table_options(one_of("level", Level), Index(None, "created_at"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    level: Mapped[Word]
    component: Mapped[Word]
    event: Mapped[Word]
    message: Mapped[Prose]
    provider: Mapped[Identifier | None]
    database_name: Mapped[Identifier | None]
    details: Mapped[Json | None]


class IngestedFile(SystemBase):
    """What became of one path. The truth about content is the session row in the provider's database."""

    __tablename__ = "ingested_files"
    __table_args__ = table_options(one_of("state", FileState), Index(None, "state"), Index(None, "content_sha256"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    path_sha256: Mapped[Sha256] = mapped_column(unique=True)
    """Of ``path``, which is too long for a unique key."""
    path: Mapped[Prose]
    provider_id: Mapped[BigId | None] = mapped_column(ForeignKey("providers.id"), index=True)
    content_sha256: Mapped[Sha256 | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    """When the bytes that were read had last been changed; none where a later change could look the same."""
    session_id: Mapped[int | None] = mapped_column(BigInteger)
    """The number of their session in the provider's database."""
    look: Mapped[Identifier | None]
    """Inode, size, time of change and ctime when it was last seen or taken."""
    state: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    """Since it was last found changed."""
    unfinished: Mapped[int | None]
    """Readings that were begun and did not end, such as those of a process that was killed; none for 0."""
    unfinished_look: Mapped[Identifier | None]
    """The same when the last of these readings was begun: they count only while it has not changed."""
    next_attempt_at: Mapped[datetime | None]
    """Of a waiting file; none for as soon as anybody looks."""
    reason: Mapped[Prose | None]
    kind: Mapped[Word | None]
    """Of ``reason``, in one word."""
    found: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    set_aside: Mapped[int] = mapped_column(default=0)
    duration_ms: Mapped[int | None]
    """From the opening of the file to its commit."""
    first_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)


class StoredContent(SystemBase):
    """The provider of each stored content. Written before the file is stored, so that two at once notice each other."""

    __tablename__ = "stored_contents"
    __table_args__ = table_options()

    content_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    # No foreign key: it would lock the provider's row, for whose counters others wait.
    provider_id: Mapped[BigId]
    claimed_at: Mapped[datetime]


class ResultsRoot(Created, SystemBase):
    """A folder that extraction files come into, and the root whose folder it is; one root may have several paths."""

    __tablename__ = "results_roots"
    __table_args__ = table_options(UniqueConstraint("name", "folder_sha256"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    name: Mapped[Word]
    folder: Mapped[Prose]
    """Its real path."""
    folder_sha256: Mapped[Sha256]
    """Of ``folder``, which is too long for a unique key."""
    host: Mapped[Name]
    """The machine on which it was recorded."""


class FileAcceptance(SystemBase):
    """A person's decision to take a held file. The reason is in the provider's database, with the session."""

    __tablename__ = "file_acceptances"
    # The file's path, its bytes and the reason why it was held; a later acceptance replaces the earlier one.
    __table_args__ = table_options(UniqueConstraint("path_sha256", "content_sha256", "kind"))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    path_sha256: Mapped[Sha256]
    content_sha256: Mapped[Sha256]
    kind: Mapped[Word]
    extracted_at: Mapped[datetime | None]
    """The right time, where the file's own is wrong."""
    accepted_by: Mapped[Name]
    accepted_at: Mapped[datetime]


class Monitor(SystemBase):
    """One process that watches Results, as it said itself; the times are the database's."""

    __tablename__ = "monitors"
    __table_args__ = table_options(one_of("state", MonitorState))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    token: Mapped[Word | None]
    """32 hexadecimal digits that this monitor alone knows: in a database made anew its number may be another's."""
    host: Mapped[Name]
    pid: Mapped[int]
    process: Mapped[Name | None]
    """Tells processes of the same number apart; none where the system does not say."""
    started_by: Mapped[Name]
    code_version: Mapped[Word]
    interval_ms: Mapped[int]
    state: Mapped[Word]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    passes: Mapped[int] = mapped_column(BigInteger, default=0)
    pass_started_at: Mapped[datetime | None]
    """While a pass is under way."""
    last_pass_at: Mapped[datetime | None]
    last_pass_ms: Mapped[int | None]
    files_found: Mapped[int | None]
    """In the last pass."""
    files_taken: Mapped[int] = mapped_column(BigInteger, default=0)
    busy_files: Mapped[int | None]
    """Taken in the last pass that took any, in ``busy_ms``."""
    busy_ms: Mapped[int | None]
    last_error: Mapped[Prose | None]
    last_error_at: Mapped[datetime | None]
