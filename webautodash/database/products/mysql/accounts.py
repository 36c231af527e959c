"""Accounts of a server: created, granted their rights, and checked."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from webautodash.config.secrets import Account
from webautodash.database.products.accounts import AccountRights, HeldRights, Probe
from webautodash.database.products.mysql.account_rights import compare, in_databases, on_tables, patterns_of
from webautodash.database.products.mysql.failures import NO_RIGHT_TO_DATABASE, NO_RIGHT_TO_TABLE, number_of
from webautodash.database.products.mysql.status import authenticated, grants_of, held_by, is_literal, quoted
from webautodash.errors import AccountUnknown, without_context

_MAY_NOT_READ_GRANTS = frozenset({NO_RIGHT_TO_TABLE, NO_RIGHT_TO_DATABASE, 1227})
_EXISTS = 1396
_NO_SUCH_ACCOUNT = 1141
_NO_SUCH_RIGHT = frozenset({_NO_SUCH_ACCOUNT, 1147})


class MySQLAccounts:
    """``ServerAccounts`` through a connection. Account names are sent as values, which the driver quotes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._literally = is_literal(connection)

    @property
    def host(self) -> str:
        return authenticated(self._connection)[1]

    def create(self, account: Account, host: str) -> bool:
        try:
            self._send("CREATE USER %s@%s IDENTIFIED BY %s", account.name, host, account.password.get_secret_value())
        except DBAPIError as error:
            if number_of(error) == _EXISTS:
                return False
            raise
        return True

    def change_password(self, account: Account, host: str) -> None:
        self._send("ALTER USER %s@%s IDENTIFIED BY %s", account.name, host, account.password.get_secret_value())

    def grant(self, rights: AccountRights, host: str) -> tuple[str, ...]:
        everywhere, single = in_databases(rights), on_tables(rights)
        places = [f"{self._quote(pattern)}.*" for pattern in patterns_of(rights, literally=self._literally)]
        for place in places:
            self._grant(everywhere, place, rights.account, host)
        if not single:
            return everywhere
        for database in rights.databases:
            tables = _tables(self._connection, database)
            for table in rights.changeable_in(tables):
                self._grant(single, self._table(database, table), rights.account, host)
            for table in tables.intersection(rights.append_only_tables):
                self._revoke(single, self._table(database, table), rights.account, host)
        # Last: what uses the account at this moment keeps working.
        for place in places:
            self._revoke(single, place, rights.account, host)
        return (*everywhere, *single)

    @without_context
    def held(self, rights: AccountRights, host: str) -> HeldRights | None:
        patterns = patterns_of(rights, literally=self._literally)
        try:
            held = held_by(self._connection, "SHOW GRANTS FOR %s@%s", rights.account, host)
        except DBAPIError as error:
            number = number_of(error)
            if number == _NO_SUCH_ACCOUNT:
                return None
            if number in _MAY_NOT_READ_GRANTS:
                asker = quoted(*authenticated(self._connection))
                reason, advice = f"error {number} to SHOW GRANTS", f"GRANT SELECT ON mysql.* TO {asker}"
                raise AccountUnknown(quoted(rights.account, host), asker, str(number), reason, advice) from None
            raise
        return compare(rights, held, patterns)

    def unknown(self, name: str, host: str) -> AccountUnknown:
        account, asker = quoted(name, host), quoted(*authenticated(self._connection))
        return AccountUnknown(account, asker, None, "it has no rights", f"DROP USER {account} if nobody needs it")

    def _grant(self, rights: Iterable[str], place: str, name: str, host: str) -> None:
        self._send(f"GRANT {', '.join(rights)} ON {place} TO %s@%s", name, host)

    def _revoke(self, rights: Iterable[str], place: str, name: str, host: str) -> None:
        # One at a time: some servers revoke none if the account lacks one of them.
        for right in rights:
            try:
                self._send(f"REVOKE {right} ON {place} FROM %s@%s", name, host)
            except DBAPIError as error:
                if number_of(error) not in _NO_SUCH_RIGHT:
                    raise

    def _table(self, database: str, table: str) -> str:
        return f"{self._quote(database)}.{self._quote(table)}"

    def _quote(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote_identifier(name)

    def _send(self, statement: str, *values: str) -> None:
        self._connection.exec_driver_sql(statement, values)


class MySQLOwnAccount:
    """``OwnAccount`` through a connection without a database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._literally = is_literal(connection)

    def is_account(self, name: str, host: str) -> bool:
        return authenticated(self._connection) == (name, host.lower())

    def held(self, rights: AccountRights) -> HeldRights:
        # Roles that are not active by default are among the others.
        held = held_by(self._connection, "SHOW GRANTS")._replace(grants=grants_of(self._connection))
        return compare(rights, held, patterns_of(rights, literally=self._literally))

    def missing(self, rights: AccountRights) -> list[str]:
        grants = grants_of(self._connection)
        found = []
        for pattern in patterns_of(rights, literally=self._literally):
            held = frozenset[str]().union(*(grant.rights for grant in grants if grant.pattern == pattern))
            if lacking := [right for right in in_databases(rights) if right not in held]:
                found.append(f"{', '.join(lacking)} on its database")
        tables = held_by(self._connection, "SHOW GRANTS").tables
        for right in on_tables(rights):
            has = {(grant.database, grant.table) for grant in tables if right in grant.rights}
            if lacking := [
                table
                for database in rights.databases
                for table in rights.changeable_in(_tables(self._connection, database))
                if (database, table) not in has
            ]:
                found.append(f"{right} on {', '.join(lacking)}")
        return found

    def probe(self, database: str, table: str) -> list[Probe]:
        return [
            Probe("read", self._select(database, table), str(NO_RIGHT_TO_TABLE)),
            Probe("USE", self._use(database), str(NO_RIGHT_TO_DATABASE)),
        ]

    def _select(self, database: str, table: str) -> str | None:
        quote = self._connection.dialect.identifier_preparer.quote_identifier
        statement = f"SELECT 1 FROM {quote(database)}.{quote(table)} LIMIT 1"  # noqa: S608  # all quoted
        try:
            self._connection.exec_driver_sql(statement).close()
        except DBAPIError as error:
            return str(number_of(error))
        return None

    def _use(self, database: str) -> str | None:
        driver: Any = self._connection.connection.driver_connection
        try:
            driver.select_db(database)
        except self._connection.dialect.loaded_dbapi.Error as error:
            return str(error.args[0])
        return None


def _tables(connection: Connection, database: str) -> frozenset[str]:
    found = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'"
    return frozenset(map(str, connection.exec_driver_sql(found, (database,)).scalars()))
