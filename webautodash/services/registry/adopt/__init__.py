"""Taking over the databases that the earlier scripts made: every row kept, what they kept put aside, not deleted."""

from webautodash.services.registry.adopt.adopting import Adoption, OnRows, adopt
from webautodash.services.registry.adopt.survey import Survey, TableCount, require_adoptable, survey

__all__ = ["Adoption", "OnRows", "Survey", "TableCount", "adopt", "require_adoptable", "survey"]
