"""The database of an ``alembic`` command that is typed by hand; alembic.ini names this function."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.repositories.unit_of_work import UnitOfWork
from webautodash.services.revisions.histories import SchemaHistory, head


@contextmanager
def connect(section: str, arguments: Mapping[str, str]) -> Iterator[object]:
    """A SQLAlchemy connection for a section of alembic.ini; ``-x provider=SLUG`` names the provider."""
    from alembic.util import CommandError

    history, settings = SchemaHistory(section), Settings.load()
    if history is SchemaHistory.SYSTEM:
        name = settings.system_database_name
    elif slug := arguments.get("provider"):
        name = settings.database_prefix + slug
    else:
        raise CommandError("which provider? alembic -n provider -x provider=SLUG ...")
    with Server(settings, schema=True) as server:
        if not server.exists(name):
            raise CommandError(f"there is no database {name} on {server.where}")
        with server.database(name, UnitOfWork).migrating() as work:
            yield work.schema.connection()
            if history is SchemaHistory.PROVIDER and work.schema.revision() == head(history):
                work.schema.end_migration()
