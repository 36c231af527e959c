"""The log in the system database."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.domain.dates import utc_now
from webautodash.domain.vocabulary import Level
from webautodash.models.base import BigId, Identifier, Json, Prose, SystemBase, Word, one_of, table_options


class SystemLog(SystemBase):
    """One event. ``details`` holds counts and codes, never a value from a patient's record."""

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
