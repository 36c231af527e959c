"""An incomplete registration does not disturb queries over all providers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.domain.dates import DateOrder
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.repositories.providers import ProviderIdentity, ProviderRepository
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services import revisions
from webautodash.services.registry.register import register
from webautodash.services.review import conflicts
from webautodash.services.revisions import SchemaHistory
from webautodash.services.statistics.current_status import status
from webautodash.services.statistics.provider_statistics import statistics
from webautodash.services.verify import verify


def _not_there(clinic: Clinic, database: str) -> None:
    assert not clinic.store.server.exists(database)


def _empty(clinic: Clinic, database: str) -> None:
    clinic.store.server.create(database)


def _early(clinic: Clinic, database: str) -> None:
    revisions.upgrade(
        clinic.store.server.create(database, UnitOfWork),
        SchemaHistory.PROVIDER,
        revisions.all_revisions(SchemaHistory.PROVIDER)[0],
    )


def _unclaimed(clinic: Clinic, database: str) -> None:
    revisions.upgrade(clinic.store.server.create(database, UnitOfWork), SchemaHistory.PROVIDER)


@pytest.mark.parametrize("stage", [_not_there, _empty, _early, _unclaimed])
def test_a_registration_under_way_is_no_problem(clinic: Clinic, stage: Callable[[Clinic, str], None]) -> None:
    clinic.ingest(a_file(a_patient("GW1")))
    database = clinic.database_name("new_here")
    with clinic.store.system.session() as session:
        identity = ProviderIdentity.new("New Here", "new_here", None, DateOrder.MDY)
        ProviderRepository(session).add(identity, database, ProviderStatus.REGISTERING)
        session.commit()
    stage(clinic, database)
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
