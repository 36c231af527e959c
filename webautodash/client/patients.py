"""Stored patients and their extractions."""

from webautodash.client.installation import Group
from webautodash.repositories.paging import Page
from webautodash.repositories.patient_search import PatientFilter as PatientFilter
from webautodash.services.review import (
    Chart as Chart,
    Extraction as Extraction,
    PatientHistory as PatientHistory,
    Person as Person,
    patients,
)


class Patients(Group):
    """Methods about patients: ``WebAutoDash().patients``."""

    def search(
        self, provider: str, wanted: PatientFilter | None = None, *, limit: int = 50, after: str | None = None
    ) -> Page[Person]:
        """List a provider's patients by PRN, or those that satisfy a filter.

        Raises UsageError for a text to search for without a letter or digit.
        """
        return patients.search(self._store, provider, wanted, limit=limit, after=after)

    def show(self, provider: str, prn: str) -> Chart:
        """Return the latest demographics and the lists of the newest complete extraction. Raises NotFound."""
        return patients.show(self._store, provider, prn)

    def history(self, provider: str, prn: str) -> PatientHistory:
        """Return every extraction of a patient, newest first, with the conflicts of each. Raises NotFound."""
        return patients.history(self._store, provider, prn)
