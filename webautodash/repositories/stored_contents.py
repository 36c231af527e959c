"""Claims: which provider's database has the file with some bytes, or is about to store it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import null, select, type_coerce, union_all

from webautodash.domain.vocabulary import STORED_FILES
from webautodash.models import IngestedFile, StoredContent
from webautodash.repositories.base import Repository


class ContentRepository(Repository):
    """Rows of ``stored_contents``."""

    def claim(self, content_sha256: str, provider_id: int, now: datetime) -> dict[int, datetime | None]:
        """Record that these bytes are about to be stored for a provider, unless another provider may have them.

        Returns those other providers, each with the time of its claim; None for a file that was stored before claims
        existed. Raises DuplicateKey if another process claims at the same time.
        """
        found = {row[0]: row[1] for row in self._session.execute(_providers_with(content_sha256))}
        others = {other: claimed_at for other, claimed_at in found.items() if other != provider_id}
        if not others and found.get(provider_id) is None:
            self._session.add(StoredContent(content_sha256=content_sha256, provider_id=provider_id, claimed_at=now))
            self._session.flush()
        return others

    def replace(self, content_sha256: str, before: Collection[int], provider_id: int, now: datetime) -> bool:
        """Replace the claims of providers that did not store these bytes. Returns False if another process was faster.

        Raises DuplicateKey if another process claims at the same time.
        """
        claim = self._session.get(StoredContent, content_sha256, with_for_update=True)
        if claim is None:
            self._session.add(StoredContent(content_sha256=content_sha256, provider_id=provider_id, claimed_at=now))
        elif claim.provider_id in before:
            claim.provider_id, claim.claimed_at = provider_id, now
        self._session.flush()
        return claim is None or claim.provider_id == provider_id


def _providers_with(content_sha256: str) -> Any:
    # The claim comes last, so that it overrides the row of a file, which has no time.
    return union_all(
        select(IngestedFile.provider_id, type_coerce(null(), StoredContent.claimed_at.type)).where(
            IngestedFile.content_sha256 == content_sha256,
            IngestedFile.state.in_(STORED_FILES),
            IngestedFile.provider_id.is_not(None),
        ),
        select(StoredContent.provider_id, StoredContent.claimed_at).where(
            StoredContent.content_sha256 == content_sha256
        ),
    )
