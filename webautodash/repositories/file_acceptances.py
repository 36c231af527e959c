"""Held files that people accepted. Their reasons are stored with the sessions, in the providers' databases."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select

from webautodash.models import FileAcceptance
from webautodash.repositories.base import Repository
from webautodash.repositories.ingested_files import path_key


class Acceptance(NamedTuple):
    """A person's acceptance of a file that was held for a reason of this kind."""

    kind: str
    extracted_at: datetime | None
    """The correct time, if the one in the file is wrong."""
    accepted_by: str
    accepted_at: datetime


class FileAcceptanceRepository(Repository):
    """Rows of ``file_acceptances``."""

    def find(self, path: str, content_sha256: str) -> dict[str, Acceptance]:
        """The acceptances of the file at this path with these bytes, by kind."""
        rows = self._session.scalars(
            select(FileAcceptance).where(
                FileAcceptance.path_sha256 == path_key(path), FileAcceptance.content_sha256 == content_sha256
            )
        )
        return {row.kind: Acceptance(row.kind, row.extracted_at, row.accepted_by, row.accepted_at) for row in rows}

    def accept(self, path: str, content_sha256: str, acceptance: Acceptance) -> None:
        """Record an acceptance, replacing an earlier one. Raises DuplicateKey if another process does so too."""
        key = {"path_sha256": path_key(path), "content_sha256": content_sha256, "kind": acceptance.kind}
        self._session.execute(delete(FileAcceptance).filter_by(**key))
        self._session.add(
            FileAcceptance(
                **key,
                extracted_at=acceptance.extracted_at,
                accepted_by=acceptance.accepted_by,
                accepted_at=acceptance.accepted_at,
            )
        )
        self._session.flush()
