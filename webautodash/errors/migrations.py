"""What stands between a database and the revision, or the program, that it should have."""

from collections.abc import Sequence
from datetime import datetime

from webautodash.errors.base import TerminalError, UsageError
from webautodash.errors.commands import command


class NewerThanProgram(TerminalError):
    """A database's schema is of a later version of the program."""

    def __init__(self, database: str, found: str, head: str) -> None:
        self.database, self.found, self.head = database, found, head
        super().__init__(
            f"database {database} is at revision {found}, which this version (head {head}) does not know: "
            f"it is newer than the program; upgrade webautodash"
        )


class NotAtHead(TerminalError):
    """A database's schema is behind the one this version works with."""

    def __init__(self, database: str, found: str | None, head: str) -> None:
        self.database, self.found, self.head = database, found, head
        super().__init__(
            f"database {database} is at revision {found or 'none'}, this version needs {head}: "
            f"run `webautodash migrate up`"
        )


class DatabaseEmpty(NotAtHead):
    """A registered provider's database is there and has no tables."""

    def __init__(self, database: str, head: str) -> None:
        super().__init__(database, None, head)
        self.args = (
            f"database {database} has none of its tables: restore it from a backup, or make them anew and empty with "
            f"`webautodash provider register NAME`; then `webautodash ingest`",
        )


class BeingMigrated(TerminalError):
    """A database is in the middle of a migration, at work or interrupted."""

    def __init__(self, database: str, target: str, since: datetime | None) -> None:
        self.database, self.target, self.since = database, target, since
        at = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        super().__init__(
            f"database {database} is in the middle of a migration to {target}{at}: wait for its end; "
            f"if none is at work (`webautodash migrate history`), finish it with `webautodash migrate up`"
        )


class MigrationFailed(TerminalError):
    """The server refused a statement of a revision; everything before it is done and stays."""

    def __init__(self, database: str, revision: str, code: str, statement: str | None, cure: str) -> None:
        self.database, self.revision, self.code, self.statement, self.cure = database, revision, code, statement, cure
        at = f" at: {statement}" if statement else ""
        super().__init__(f"database {database}, revision {revision}: error {code}{at}; {cure}")


class WouldLoseRows(UsageError):
    """The way back of a migration takes rows away, and nobody has said that they may go."""

    def __init__(self, database: str, losses: Sequence[tuple[str, int]]) -> None:
        self.database, self.losses = database, tuple(losses)
        listed = ", ".join(f"{rows} of {what}" for what, rows in losses)
        super().__init__(f"database {database}: the way back takes rows away ({listed}); if they may go: --accept-loss")


class MadeByEarlierScripts(UsageError):
    """A database holds the earlier scripts' tables, or an adoption of them that is not finished."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database} was made by the earlier scripts and is not taken over, or not wholly, yet: "
            f"{command('provider adopt', database)}"
        )


class NotAdoptable(UsageError):
    """A database cannot be taken over; nothing was touched."""

    def __init__(self, database: str, reason: str) -> None:
        self.database, self.reason = database, reason
        super().__init__(f"database {database} cannot be adopted: {reason}; nothing was touched")


class DamagedRows(TerminalError):
    """Rows of a database that is to be taken over do not fit; they stay as they are until a person corrects them."""

    def __init__(self, database: str, problems: Sequence[str]) -> None:
        self.database, self.problems = database, tuple(problems)
        super().__init__(
            f"database {database} cannot be adopted before its rows are corrected: {'; '.join(problems)}; "
            f"nothing was touched"
        )


class AdoptionIncomplete(TerminalError):
    """Rows that were copied are not what they were copied from; the database stays without an owner."""

    def __init__(self, database: str, table: str, before: int, after: int) -> None:
        self.database, self.table, self.before, self.after = database, table, before, after
        super().__init__(
            f"database {database}: of {before} rows of {table} {after} are in their place; the adoption is not "
            f"finished and the rows from before are kept; please report it"
        )
