"""Finds out whether the bytes of a file are stored for another provider."""

from datetime import timedelta

from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import BeingStoredElsewhere
from webautodash.models.base import utc_now
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import SystemWork
from webautodash.services.store import Store

# Longer than it takes to store the largest file after waiting for locks.
_BEING_STORED = timedelta(minutes=15)


def owner_elsewhere(store: Store, content_sha256: str, provider: RegisteredProvider) -> RegisteredProvider | None:
    """The other provider whose database has these bytes; if there is none, claim them for ``provider``.

    The claim is committed before the file is stored: of two processes with the same bytes, one finds the other's claim.
    Raises BeingStoredElsewhere while another process stores them for another provider, and what opening that
    provider's database raises.
    """
    now = utc_now()
    others = store.system.run_raced(lambda work: work.stored_contents.claim(content_sha256, provider.id, now))
    if not others:
        return None
    providers = {one.id: one for one in store.providers()}
    for number, claimed_at in others.items():
        other = providers.get(number)
        if other is not None and other.status is ProviderStatus.ACTIVE:
            with store.provider_database(other).reading() as work:
                if work.sessions.find(content_sha256) is not None:
                    return other
        # A claim from far in the future, by a wrong clock, expires as well.
        if claimed_at is not None and abs(now - claimed_at) < _BEING_STORED:
            raise BeingStoredElsewhere(provider.slug, None if other is None else other.slug)

    def replace(work: SystemWork) -> bool:
        return work.stored_contents.replace(content_sha256, others, provider.id, now)

    if not store.system.run_raced(replace):
        raise BeingStoredElsewhere(provider.slug, None)
    return None
