"""The environment of both histories; the section of alembic.ini says which one a command is about.

Nothing of the application is imported here. The application hands over an open connection in ``config.attributes``;
for an ``alembic`` command typed by hand, alembic.ini names the function that opens one.
"""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from alembic import context, op
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

config = context.config


def option(name: str) -> Any:
    """The object of the application that an option of alembic.ini names."""
    return resolve_name(str(config.get_main_option(name)))


def register_operations() -> None:
    """Load ``operations.py``, once per process. By its path: this folder is not a package that could be imported."""
    if not hasattr(op, "create_table_if_missing"):
        spec = spec_from_file_location("webautodash_operations", Path(__file__).with_name("operations.py"))
        spec.loader.exec_module(module_from_spec(spec))


def run(connection: Connection) -> None:
    """Run the command on a connection whose transaction belongs to the caller."""
    context.configure(
        connection=connection,
        target_metadata=option("metadata"),
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=option("compare_type"),
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if config.get_main_option("metadata") is None:
    raise CommandError(
        "there are two histories; name one:\n"
        "  alembic -n system upgrade head\n"
        "  alembic -n provider -x provider=SLUG upgrade head\n"
        "or migrate all databases: webautodash migrate up"
    )
register_operations()
bind = config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(dialect_name=config.attributes.get("product", "mysql"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif isinstance(bind, Connection):
    run(bind)
elif isinstance(bind, Engine):
    with bind.begin() as connection:
        run(connection)
else:
    with option("connect")(config.config_ini_section, context.get_x_argument(as_dictionary=True)) as connection:
        run(connection)
