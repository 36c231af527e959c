"""Adopts databases of the earlier scripts: copies every row, and keeps the old tables under other names."""

from webautodash.services.adopt.adopt_database import Adoption, OnRows, adopt
from webautodash.services.adopt.survey import AdoptionSurvey, TableCount, require_adoptable, survey_adoption

__all__ = ["Adoption", "AdoptionSurvey", "OnRows", "TableCount", "adopt", "require_adoptable", "survey_adoption"]
