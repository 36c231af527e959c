"""Held files that a person accepted."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import BigId, Name, Sha256, SystemBase, Word, table_options


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
