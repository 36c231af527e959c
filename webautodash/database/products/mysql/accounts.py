"""Accounts of a MySQL or MariaDB server: made, given rights, and tried."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from webautodash.config.accounts import Account
from webautodash.database.products.mysql.error_numbers import number_of
from webautodash.database.products.mysql.grants import identifier
from webautodash.database.products.mysql.health import Held, grants_of, held_by, is_literal
from webautodash.errors import AccountUnknown, without_context

NO_RIGHT_TO_TABLE, NO_RIGHT_TO_DATABASE = 1142, 1044
_MAY_NOT_LOOK = frozenset({NO_RIGHT_TO_TABLE, NO_RIGHT_TO_DATABASE, 1227})
_IS_THERE = 1396
_NO_SUCH_ACCOUNT = 1141
_NO_SUCH_RIGHT = frozenset({_NO_SUCH_ACCOUNT, 1147})


class ServerAccounts:
    """The accounts of a server, for whoever may make them. Names go to the server as values, quoted by the driver."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.literally = is_literal(connection)
        """Whether a name in a grant is just that name, without signs for others (``partial_revokes``)."""

    @property
    def host(self) -> str:
        """From where the account that asks is allowed to come."""
        return _who(self._connection)[1]

    def make(self, account: Account, host: str) -> bool:
        """Make an account that may do nothing yet; False where there is one of this name."""
        try:
            self._send("CREATE USER %s@%s IDENTIFIED BY %s", account.name, host, account.password.get_secret_value())
        except DBAPIError as error:
            if number_of(error) == _IS_THERE:
                return False
            raise
        return True

    def change_password(self, account: Account, host: str) -> None:
        """Give an account another password; who is connected stays so."""
        self._send("ALTER USER %s@%s IDENTIFIED BY %s", account.name, host, account.password.get_secret_value())

    @without_context
    def held(self, name: str, host: str) -> Held | None:
        """What an account may do by itself; None where it is not there.

        Raises AccountUnknown where whoever asks may not know, be it there or not.
        """
        try:
            return held_by(self._connection, "SHOW GRANTS FOR %s@%s", name, host)
        except DBAPIError as error:
            number = number_of(error)
            if number == _NO_SUCH_ACCOUNT:
                return None
            if number in _MAY_NOT_LOOK:
                raise self.unknown(name, host, str(number)) from None
            raise

    def unknown(self, name: str, host: str, code: str | None = None) -> AccountUnknown:
        """That an account may be somebody else's; ``code`` as there."""
        return AccountUnknown(_quoted(name, host), _quoted(*_who(self._connection)), code)

    def allow(self, rights: Iterable[str], pattern: str, name: str, host: str) -> None:
        """Give rights in the databases that a pattern fits."""
        quoted = self._connection.dialect.identifier_preparer.quote_identifier(pattern)
        self._send(f"GRANT {', '.join(rights)} ON {quoted}.* TO %s@%s", name, host)

    def tables(self, database: str) -> frozenset[str]:
        """The tables of a database."""
        return _tables(self._connection, database)

    def allow_on_table(self, rights: Iterable[str], database: str, table: str, name: str, host: str) -> None:
        """Give rights on a table that is there."""
        self._send(f"GRANT {', '.join(rights)} ON {self._table(database, table)} TO %s@%s", name, host)

    def take(self, rights: Iterable[str], pattern: str, name: str, host: str) -> None:
        """Take rights away in the databases that a pattern fits, where the account has them."""
        quoted = self._connection.dialect.identifier_preparer.quote_identifier(pattern)
        self._revoke(rights, f"{quoted}.*", name, host)

    def take_on_table(self, rights: Iterable[str], database: str, table: str, name: str, host: str) -> None:
        """Take rights on a table away, where the account has them."""
        self._revoke(rights, self._table(database, table), name, host)

    def _revoke(self, rights: Iterable[str], place: str, name: str, host: str) -> None:
        # One at a time: some servers refuse all for one that is not there.
        for right in rights:
            try:
                self._send(f"REVOKE {right} ON {place} FROM %s@%s", name, host)
            except DBAPIError as error:
                if number_of(error) not in _NO_SUCH_RIGHT:
                    raise

    def _table(self, database: str, table: str) -> str:
        quote = self._connection.dialect.identifier_preparer.quote_identifier
        return f"{quote(database)}.{quote(table)}"

    def _send(self, statement: str, *values: str) -> None:
        self._connection.exec_driver_sql(statement, values)


class OwnAccount:
    """A connection by one account, without a database: what it may do, read and tried."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.literally = is_literal(connection)
        """As of ServerAccounts."""

    def is_of(self, name: str, host: str) -> bool:
        """Whether the server took it for this account, and not for one of the name for other hosts."""
        return _who(self._connection) == (name, host.lower())

    def held(self) -> Held:
        """What the account may do, by itself and by its roles, those that it does not have at once among the others."""
        return held_by(self._connection, "SHOW GRANTS")._replace(grants=grants_of(self._connection))

    def tables(self, database: str) -> frozenset[str]:
        """The tables of a database, those that the account has a right on."""
        return _tables(self._connection, database)

    def select(self, database: str, table: str) -> int | None:
        """The server's answer to reading a table: the number of its error, None where it lets the account read."""
        quote = self._connection.dialect.identifier_preparer.quote_identifier
        return self._tried(f"SELECT 1 FROM {quote(database)}.{quote(table)} LIMIT 1")  # noqa: S608  # quoted

    def use(self, database: str) -> int | None:
        """The server's answer to working in a database."""
        raw: Any = self._connection.connection.driver_connection
        try:
            raw.select_db(database)
        except self._connection.dialect.loaded_dbapi.Error as error:
            return int(error.args[0])
        return None

    def _tried(self, statement: str) -> int | None:
        try:
            self._connection.exec_driver_sql(statement).close()
        except DBAPIError as error:
            return number_of(error)
        return None


def _tables(connection: Connection, database: str) -> frozenset[str]:
    found = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'"
    return frozenset(map(str, connection.exec_driver_sql(found, (database,)).scalars()))


def _who(connection: Connection) -> tuple[str, str]:
    """The account that the server takes a connection for: its name, and from where it may come."""
    name, _, host = str(connection.exec_driver_sql("SELECT CURRENT_USER()").scalar_one()).rpartition("@")
    return name, host


def _quoted(name: str, host: str) -> str:
    return f"{identifier(name)}@{identifier(host)}"
