"""An incomplete registration does not disturb queries over all providers."""

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.dates import DateOrder
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.repositories.providers import ProviderIdentity, ProviderRepository
from webautodash.services import revisions
from webautodash.services.registry import register
from webautodash.services.review import conflicts
from webautodash.services.revisions import SchemaHistory
from webautodash.services.statistics import statistics, status
from webautodash.services.verify import verify


@pytest.mark.parametrize("stage", ["no database", "no tables", "first revision", "no identity"])
def test_an_unfinished_registration_is_no_problem(clinic: Clinic, stage: str) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    database = clinic.database_name("new_here")
    with clinic.store.system.session() as session:
        identity = ProviderIdentity.new("New Here", "new_here", None, DateOrder.MDY)
        ProviderRepository(session).add(identity, database, ProviderStatus.REGISTERING)
        session.commit()
    if stage != "no database":
        clinic.store.server.create(database)
    if stage == "first revision":
        first, *_ = revisions.all_revisions(SchemaHistory.PROVIDER)
        revisions.upgrade(clinic.database("new_here"), SchemaHistory.PROVIDER, first)
    if stage == "no identity":
        revisions.upgrade(clinic.database("new_here"), SchemaHistory.PROVIDER)
    found = status(clinic.store)
    assert found.problems == ()
    shown = {one.slug: one.open_conflicts for one in found.provider_database_statistics.providers}
    assert shown["gary_wang"] is not None
    assert shown["new_here"] is None
    numbers = statistics(clinic.store)
    assert (numbers.problems, numbers.total_patients, numbers.total_providers) == ((), 1, 2)
    assert statistics(clinic.store, "new_here").problems == ()
    assert conflicts.search(clinic.store).problems == ()
    assert verify(clinic.store).problems == ()
    # Once it is active, the same state is a problem.
    with clinic.store.system.session() as session:
        registered = ProviderRepository(session).by_slug("new_here")
        assert registered is not None
        ProviderRepository(session).set_status(registered.id, ProviderStatus.ACTIVE)
        session.commit()
    assert [one.slug for one in status(clinic.store).problems] == ["new_here"]
    assert register(clinic.store, "New Here").provider.status is ProviderStatus.ACTIVE
    assert status(clinic.store).problems == ()
