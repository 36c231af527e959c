"""A system database that was lost: every way into the store names the one command that brings it back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from builders import Clinic, a_file, a_patient

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.errors import DatabaseError, NotSetUp, WebAutoDashError
from webautodash.services.registry.setup import set_up
from webautodash.services.store import Store


@pytest.mark.parametrize("enter", [Store.open, Store.attach], ids=["open", "attach"])
@pytest.mark.parametrize("emptied", [False, True], ids=["dropped", "emptied"])
def test_setup_is_the_cure_and_brings_the_registry_back(
    clinic: Clinic, enter: Callable[[Settings], Store], emptied: bool
) -> None:
    clinic.ingest(a_file(a_patient("P1")))
    clinic.store.server.drop(clinic.store.system.name)
    if emptied:
        clinic.store.server.create(clinic.store.system.name)
    with pytest.raises(NotSetUp) as refused:
        enter(clinic.settings)
    assert refused.value.exit_status == 2
    bare = clinic.store.system.name if emptied else None
    assert (refused.value.where, refused.value.bare) == (clinic.store.server.where, bare)
    set_up(clinic.settings, ingest=False)
    with enter(clinic.settings) as store:
        assert [provider.slug for provider in store.providers()] == ["gary_wang"]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("enter", [Store.open, Store.attach, Store.prepare], ids=["open", "attach", "prepare"])
def test_a_store_that_cannot_be_opened_is_closed(
    clinic: Clinic, enter: Callable[[Settings], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.store.server.drop(clinic.store.system.name)
    closed: list[Store] = []

    def close(store: Store) -> None:
        closed.append(store)

    monkeypatch.setattr(Store, "close", close)
    monkeypatch.setattr(Server, "create", _refuse)
    with pytest.raises(WebAutoDashError):
        enter(clinic.settings)
    assert len(closed) == 1


def _refuse(server: Server, name: str, *_: object) -> None:
    raise DatabaseError(name, "1044", "access denied")
