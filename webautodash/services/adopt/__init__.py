"""Adopts databases of the earlier scripts: copies every row, and keeps the old tables under other names."""

from webautodash.services.adopt.adopt_database import Adoption as Adoption, OnRows as OnRows, adopt as adopt
from webautodash.services.adopt.forget_old import (
    OldTables as OldTables,
    find_old_tables as find_old_tables,
    forget_old_tables as forget_old_tables,
)
from webautodash.services.adopt.survey import (
    AdoptionSurvey as AdoptionSurvey,
    TableCount as TableCount,
    require_adoptable as require_adoptable,
    survey_adoption as survey_adoption,
)
