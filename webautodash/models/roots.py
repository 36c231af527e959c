"""The Results folders of a store."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webautodash.models.base import BigId, Created, Name, Prose, Sha256, SystemBase, Word, table_options


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
