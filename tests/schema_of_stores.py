"""The schemas of all databases of a store, as the server reports them."""

from __future__ import annotations

from webautodash.database.schema import Schema, schema_of
from webautodash.services.store import Store


def schemas(store: Store) -> dict[str, Schema]:
    """The schemas of the providers' databases."""
    found = {}
    for provider in store.providers():
        with store.server.database(provider.database_name).reading() as session:
            found[provider.slug] = schema_of(session.connection())
    return found
