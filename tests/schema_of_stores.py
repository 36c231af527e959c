"""What all databases of a store are, as the server tells it."""

from __future__ import annotations

from webautodash.database.schema import Schema, schema_of
from webautodash.services.store import Store


def schemas(store: Store) -> dict[str, Schema]:
    """The providers' schemas, by database."""
    found = {}
    for provider in store.providers():
        with store.server.database(provider.database_name).reading() as session:
            found[provider.slug] = schema_of(session.connection())
    return found
