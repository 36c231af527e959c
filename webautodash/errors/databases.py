"""Errors of databases and their servers."""

from enum import StrEnum
from pathlib import PurePath

from webautodash.errors.base import TerminalError, TransientError


class Remedy(StrEnum):
    """What a command of the program can do about an error of a database; the command line names the command."""

    GRANT = "grant"
    CREATE_TABLES = "create_tables"
    RECREATE_FILE = "recreate_file"
    VERIFY = "verify"


class DatabaseError(TerminalError):
    """The database refused a statement; ``code`` is the code of the server."""

    def __init__(self, database: str, code: str, advice: str, remedy: Remedy | None = None) -> None:
        self.database, self.code, self.advice, self.remedy = database, code, advice, remedy
        super().__init__(f"database {database}: error {code}; {advice}")


class RowTooLarge(DatabaseError):
    """A single row is larger than the server accepts; ``setting`` is its variable."""

    def __init__(self, database: str, code: str, table: str, setting: str) -> None:
        self.table, self.setting = table, setting
        super().__init__(
            database, code, f"a row of {table} is larger than {setting}; raise this variable on the server"
        )


class TransactionTooLarge(DatabaseError):
    """The rows of a file are more than a cluster replicates in one transaction; ``setting`` is its variable."""

    def __init__(self, database: str, code: str, setting: str, limit: int, written: int) -> None:
        self.setting, self.limit, self.written = setting, limit, written
        super().__init__(
            database,
            code,
            f"about {written:,} bytes of rows are more than the cluster accepts in one transaction ({setting} = "
            f"{limit:,}); nothing was stored: split the file, or raise {setting} on every node",
        )


class DuplicateKey(DatabaseError):
    """A unique key already exists, because another worker has just stored the same row."""


class DatabaseBusy(TransientError):
    """A lock or a deadlock, after the last retry."""

    exit_status = 3

    def __init__(self, database: str, code: str) -> None:
        self.database, self.code = database, code
        super().__init__(f"database {database}: busy or connection lost (error {code}); try again")


class ConnectionLost(DatabaseBusy):
    """The connection was lost during use, after the last retry."""


class FileReplaced(TransientError):
    """A database file was removed or replaced during use; the open transaction is rolled back."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"the file of database {database} was removed or replaced during use; nothing was stored")


class UntrustedDatabaseFile(TerminalError):
    """Another account may have created or can change a database file or its folder; the file is not opened."""

    exit_status = 2

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path} {reason}; the file was not opened")


class LoadInDoubt(TransientError):
    """The server did not accept a bulk load as a whole; the transaction is rolled back and retried without it."""

    exit_status = 3

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"database {database}: the bulk load of rows failed; try again")


class DatabaseUnreachable(TransientError):
    """No connection to the server."""

    exit_status = 3

    def __init__(self, where: str, code: str, advice: str) -> None:
        self.where, self.code, self.advice = where, code, advice
        super().__init__(f"cannot reach the database server at {where} (error {code}): {advice}")


class AccountMissing(TerminalError):
    """Each database has its own account, and there is no password for one of them."""

    exit_status = 2

    def __init__(self, account: str) -> None:
        self.account = account
        super().__init__(
            f"WEBAUTODASH_ACCOUNTS_DIR has no file {account}; the administrator of the server has to create the account"
        )


class AccountRefused(TerminalError):
    """The server refuses an account with the password from the folder of accounts."""

    exit_status = 2

    def __init__(self, account: str) -> None:
        self.account = account
        super().__init__(
            f"the server refuses the account {account}: its password in WEBAUTODASH_ACCOUNTS_DIR is wrong, or the "
            f"account must not connect from this machine"
        )


class AccountInUse(TerminalError):
    """An account with the name for a database exists and already has other rights."""

    def __init__(self, account: str, rights: str) -> None:
        self.account, self.rights = account, rights
        super().__init__(
            f"the account {account} exists and has other rights ({rights}); nothing was changed: revoke them, or "
            f"DROP USER {account}"
        )


class AccountUnknown(TerminalError):
    """An account with the name for a database exists, and it may belong to something else.

    ``code`` is the error of the server if ``asker`` may not read the account's rights.
    """

    def __init__(self, account: str, asker: str, code: str | None, reason: str, advice: str) -> None:
        self.account, self.asker, self.code = account, asker, code
        super().__init__(
            f"the account {account} exists and may belong to something else ({reason}); it was not changed: {advice}, "
            f"or store its password in the folder of accounts, in a file with its name"
        )


class WrongConnection(TransientError):
    """A connection is in another database than it was opened for; it is closed before anything is sent."""

    exit_status = 3

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database}: a connection was in another database and was closed; nothing was read or written "
            f"there: a program that uses the same engine must not send USE, and a proxy must not choose the database"
        )


class NoFreeConnection(TransientError):
    """All connections that the settings allow are in use, and none was returned in time."""

    exit_status = 3

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"all {most} database connections are in use and none was returned in time: raise "
            f"WEBAUTODASH_MAX_CONNECTIONS, use fewer threads, or close sessions after use"
        )


class LogLeftBehind(TerminalError):
    """A database file is missing and its write-ahead log is not: a new file would take in the log's rows."""

    def __init__(self, database: str, log: str) -> None:
        self.database, self.log = database, log
        super().__init__(
            f"the file of database {database} is missing, but its log {log} exists and holds its last rows; move the "
            f"log and the -shm file to where the database file is now"
        )


class DatabaseMissing(TerminalError):
    """The database of a registered provider does not exist on the server."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"database {database} is registered but not on the server; restore it from a backup")
