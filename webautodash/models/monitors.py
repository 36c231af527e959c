"""Monitors: processes that watch Results."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.vocabulary import MonitorState
from webautodash.models.base import BigId, Name, Prose, SystemBase, Word, one_of, table_options


class Monitor(SystemBase):
    """One process that watches Results, as it last reported itself. All times are from the database's clock."""

    __tablename__ = "monitors"
    __table_args__ = table_options(one_of("state", MonitorState))

    id: Mapped[BigId] = mapped_column(primary_key=True)
    token: Mapped[Word | None]
    """32 random hexadecimal digits: in a database that was created anew, another monitor may have the same ``id``."""
    host: Mapped[Name]
    pid: Mapped[int]
    process: Mapped[Name | None]
    """Distinguishes processes with the same ``pid``; NULL if the system does not tell."""
    started_by: Mapped[Name]
    code_version: Mapped[Word]
    interval_ms: Mapped[int]
    state: Mapped[Word]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    passes: Mapped[int] = mapped_column(BigInteger, default=0)
    pass_started_at: Mapped[datetime | None]
    """NULL between two passes."""
    last_pass_at: Mapped[datetime | None]
    last_pass_ms: Mapped[int | None]
    files_found: Mapped[int | None]
    """Number of files found by the last pass."""
    files_taken: Mapped[int] = mapped_column(BigInteger, default=0)
    busy_files: Mapped[int | None]
    """Number of files processed by the last pass that processed any, in ``busy_ms``."""
    busy_ms: Mapped[int | None]
    last_error: Mapped[Prose | None]
    last_error_at: Mapped[datetime | None]
