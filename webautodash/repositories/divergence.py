"""What a provider's database says of reviews and names, to compare with what the system database has recorded."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webautodash.models import ConflictReview, DatabaseIdentity


class OwnFacts(NamedTuple):
    """Facts that only people make, and that no file brings back."""

    reviews: int
    aliases: tuple[str, ...]


def own_facts(session: Session) -> OwnFacts:
    """How many steps of reviews there are, and the owner's other names: in one statement."""
    reviews = select(func.count(ConflictReview.id)).scalar_subquery()
    row = session.execute(select(DatabaseIdentity.aliases, reviews)).first()
    return OwnFacts(0, ()) if row is None else OwnFacts(row[1], tuple(row[0] or ()))
