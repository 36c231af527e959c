"""Errors of databases that are not at the revision of this program, or that another program created."""

from collections.abc import Sequence
from datetime import datetime

from webautodash.errors.base import TerminalError, UsageError


class NewerThanProgram(TerminalError):
    """The schema of a database is from a later version of the program."""

    def __init__(self, database: str, found: str, head: str) -> None:
        self.database, self.found, self.head = database, found, head
        super().__init__(
            f"database {database} is at revision {found}, which is newer than this version (head {head}); "
            f"upgrade webautodash"
        )


class NotAtHead(TerminalError):
    """The schema of a database is behind the revision that this version needs."""

    def __init__(self, database: str, found: str | None, head: str) -> None:
        self.database, self.found, self.head = database, found, head
        super().__init__(f"database {database} is at revision {found or 'none'}, this version needs {head}: migrate it")


class DatabaseEmpty(NotAtHead):
    """The database of a registered provider exists and has no tables."""

    def __init__(self, database: str, head: str) -> None:
        super().__init__(database, None, head)
        self.args = (f"database {database} has no tables; restore it from a backup",)


class BeingMigrated(TerminalError):
    """A migration of the database is running or was interrupted."""

    def __init__(self, database: str, target: str, since: datetime | None) -> None:
        self.database, self.target, self.since = database, target, since
        at = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        super().__init__(
            f"database {database} is being migrated to {target}{at}: wait until the migration ends, or finish it if it "
            f"was interrupted"
        )


class MigrationFailed(TerminalError):
    """The server refused a statement of a revision; everything before this statement is done."""

    def __init__(self, database: str, revision: str, code: str, statement: str | None, cure: str) -> None:
        self.database, self.revision, self.code, self.statement, self.cure = database, revision, code, statement, cure
        at = f" at: {statement}" if statement else ""
        super().__init__(f"database {database}, revision {revision}: error {code}{at}; {cure}")


class UnknownMigrationRun(UsageError):
    """There is no migration run of this number; ``last`` is the last one."""

    def __init__(self, number: int, last: int | None) -> None:
        self.number, self.last = number, last
        super().__init__(f"no migration run {number}; " + (f"the last one is {last}" if last else "there was none yet"))


class NotResumable(UsageError):
    """A downgrade cannot be resumed."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(f"migration run {number} is a downgrade, which cannot be resumed")


class BreakingRevisions(UsageError):
    """Pending revisions would exclude older programs; ``before`` is the last revision that does not."""

    def __init__(self, subjects: Sequence[str], before: str | None) -> None:
        self.subjects, self.before = tuple(subjects), before
        super().__init__(f"an older program cannot use the database after these revisions: {'; '.join(subjects)}")


class WouldLoseRows(UsageError):
    """A downgrade would delete rows, and the loss was not accepted."""

    def __init__(self, database: str, losses: Sequence[tuple[str, int]]) -> None:
        self.database, self.losses = database, tuple(losses)
        listed = ", ".join(f"{rows} of {table}" for table, rows in losses)
        super().__init__(f"database {database}: the downgrade would delete rows ({listed}); nothing was changed")


class MadeByEarlierScripts(UsageError):
    """A database holds the tables of the earlier scripts, or an unfinished adoption of them."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"database {database} was created by the earlier scripts and is not completely adopted yet")


class NotAdoptable(UsageError):
    """A database cannot be adopted; nothing was changed."""

    def __init__(self, database: str, reason: str, topic: str | None = None) -> None:
        self.database, self.reason = database, reason
        super().__init__(f"database {database} cannot be adopted: {reason}; nothing was changed", topic)


class DamagedRows(TerminalError):
    """Rows of a database that is to be adopted are invalid; they stay as they are until a person corrects them."""

    def __init__(self, database: str, problems: Sequence[str]) -> None:
        self.database, self.problems = database, tuple(problems)
        super().__init__(
            f"database {database} cannot be adopted before its rows are corrected: {'; '.join(problems)}; "
            f"nothing was changed"
        )


class AdoptionIncomplete(TerminalError):
    """Copied rows differ from their originals; the database stays without a provider."""

    def __init__(self, database: str, table: str, before: int, after: int) -> None:
        self.database, self.table, self.before, self.after = database, table, before, after
        super().__init__(
            f"database {database}: {after} of {before} rows of {table} were copied correctly; the adoption is not "
            f"finished and the original rows are kept; please report it"
        )
