"""The row that says which provider a database belongs to."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import Created, Identifier, Json, Name, ProviderBase, Word, table_options


class DatabaseIdentity(Created, ProviderBase):
    """The provider that this database belongs to. One row, checked each time the database is opened."""

    __tablename__ = "database_identity"
    __table_args__ = table_options()

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identity: Mapped[Word]
    slug: Mapped[Identifier]
    name: Mapped[Name]
    folder: Mapped[Name | None]
    date_order: Mapped[Word]
    aliases: Mapped[Json]
    """The provider's other names, as a list: the registry can be rebuilt from these rows."""
    migrating_to: Mapped[Word | None]
    """Target revision of a running or interrupted migration."""
    migrating_since: Mapped[datetime | None]
