"""Leases: who is working on what."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import Key, Name, SystemBase, Word, table_options


class Lease(SystemBase):
    """A lock with an expiry time; its holder renews it while it works."""

    __tablename__ = "leases"
    __table_args__ = table_options()

    name: Mapped[Key] = mapped_column(primary_key=True)
    token: Mapped[Word]
    holder: Mapped[Name]
    purpose: Mapped[Name]
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # Deferred: a system database that is about to be migrated does not have this column yet.
    seconds: Mapped[int | None] = mapped_column(deferred=True)
    """Seconds by which each renewal extends the lease; NULL if an older program holds it."""
