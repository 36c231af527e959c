"""One environment for both histories; the section of alembic.ini says which one this run is about.

The program hands over an open connection. By hand (``alembic -n provider -x provider=SLUG ...``) it is made here from
the same settings as the program's.
"""

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from webautodash.database.schema import compare_type
from webautodash.models import ProviderBase, SystemBase
from webautodash.services.revisions import History, database_by_hand

config = context.config
try:
    history = History(config.config_ini_section)
except ValueError:
    raise CommandError(
        "there are two histories; say which one:\n"
        "  alembic -n system upgrade head\n"
        "  alembic -n provider -x provider=SLUG upgrade head\n"
        "or let the program do all databases: webautodash migrate up"
    ) from None

metadata = SystemBase.metadata if history is History.SYSTEM else ProviderBase.metadata


def run(connection: Connection) -> None:
    """Run the asked-for command on a connection whose transaction belongs to the caller."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=compare_type,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = config.attributes.get("connection")
if context.is_offline_mode():
    product = config.attributes.get("product", "mysql")
    context.configure(dialect_name=product, target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif isinstance(given, Connection):
    run(given)
elif isinstance(given, Engine):
    with given.begin() as connection:
        run(connection)
else:
    with database_by_hand(history, context.get_x_argument(as_dictionary=True)) as connection:
        run(connection)
