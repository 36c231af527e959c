"""What a provider's database says of decisions and names, to compare with what the system database has recorded."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webautodash.models import ConflictReview, DatabaseIdentity, SessionDecision

DECISIONS = (
    select(func.count(ConflictReview.id)).scalar_subquery() + select(func.count(SessionDecision.id)).scalar_subquery()
)
"""How many decisions of people there are: steps of reviews, and what was decided about files and their patients."""


class OwnFacts(NamedTuple):
    """Facts that only people make, and that no file brings back."""

    decisions: int
    aliases: tuple[str, ...]


def own_facts(session: Session) -> OwnFacts:
    """How many decisions of people there are, and the owner's other names: in one statement."""
    row = session.execute(select(DatabaseIdentity.aliases, DECISIONS)).first()
    return OwnFacts(0, ()) if row is None else OwnFacts(row[1], tuple(row[0] or ()))
