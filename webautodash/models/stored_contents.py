"""Which provider's database holds which file content."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import BigId, Sha256, SystemBase, table_options


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
