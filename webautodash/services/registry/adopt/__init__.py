"""Taking over the databases that the earlier scripts made: every row kept, what they kept put aside, not deleted."""

from webautodash.services.registry.adopt.adopt_database import Adoption, OnRows, adopt
from webautodash.services.registry.adopt.survey import AdoptionSurvey, TableCount, require_adoptable, survey_adoption

__all__ = ["Adoption", "AdoptionSurvey", "OnRows", "TableCount", "adopt", "require_adoptable", "survey_adoption"]
