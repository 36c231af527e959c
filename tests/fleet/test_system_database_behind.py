"""A system database of an earlier version, with fewer columns: its providers are listed all the same."""

from builders import FLEET_SLUGS, Clinic

from webautodash.services import fleet, revisions
from webautodash.services.fleet import RevisionStatus
from webautodash.services.revisions import SchemaHistory


def test_an_older_system_database_is_listed_checked_and_migrated(clinic: Clinic) -> None:
    revisions.downgrade(clinic.store.system, SchemaHistory.SYSTEM, "s0005")
    looked = fleet.overview(clinic.store)
    assert [(one.provider, one.state) for one in looked] == [
        (None, RevisionStatus.BEHIND),
        *((slug, RevisionStatus.CURRENT) for slug in sorted(FLEET_SLUGS)),
    ]
    (named,) = fleet.overview(clinic.store, (FLEET_SLUGS[0],))
    assert (named.provider, named.state) == (FLEET_SLUGS[0], RevisionStatus.CURRENT)
    assert [report.differences for report in fleet.check_all(clinic.store, (FLEET_SLUGS[0],))] == [()]
    fleet.upgrade_all(clinic.store, fleet.Plan((FLEET_SLUGS[0],)))
    assert revisions.current(clinic.store.system) == revisions.head(SchemaHistory.SYSTEM)
