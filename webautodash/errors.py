"""Every error this package raises on purpose.

The base class says whether trying again can help. Each error carries its parts as attributes; its text says what
was wrong, where, and what to do, and never holds a value out of a patient's record.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from traceback import extract_tb


class WebAutoDashError(Exception):
    """Base of all errors of this package; ``exit_status`` is what the command line ends with."""

    exit_status = 1

    def __init__(self, message: str) -> None:
        super().__init__(_printable(message))

    def __reduce__(self) -> tuple[object, ...]:
        # An error crosses from a worker process with its text and parts, not by calling __init__ again.
        return _revived, (type(self), self.args, self.__dict__)


def _revived(kind: type[WebAutoDashError], args: tuple[object, ...], parts: dict[str, object]) -> WebAutoDashError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(parts)
    return error


def _printable(message: str) -> str:
    """A file's name may hold what is no text, or moves a terminal's cursor; a message goes to both."""
    text = message.encode("utf-8", "backslashreplace").decode()
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def where_from(error: Exception) -> str:
    """Where an error that nobody planned came from, and of what type; its text may quote a value."""
    where = extract_tb(error.__traceback__)[-1]
    return (
        f"unexpected {type(error).__name__} at {PurePath(where.filename).name}, line {where.lineno}; please report it"
    )


class TransientError(WebAutoDashError):
    """The same call may succeed later: a lock, a lost connection."""


class TerminalError(WebAutoDashError):
    """The same call will fail again until somebody changes something."""


class ConfigurationError(TerminalError):
    """A setting is missing or does not fit; ``key`` names it."""

    exit_status = 2

    def __init__(self, key: str, reason: str) -> None:
        self.key, self.reason = key, reason
        super().__init__(f"{key}: {reason}")


class UsageError(TerminalError):
    """The call itself is wrong: an unknown name, an impossible combination."""

    exit_status = 2


class NotSetUp(UsageError):
    """There is no system database yet; a reading command does not create one."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(f"there is no system database at {where} yet: run `webautodash setup` first")


class UnknownProvider(UsageError):
    """No provider of this name; ``nearest`` holds the names that come close."""

    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        self.name, self.nearest = name, tuple(nearest)
        hint = f"; did you mean {', '.join(nearest)}?" if nearest else "; `webautodash provider list` shows them all"
        super().__init__(f"no provider {name!r} is registered{hint}")


class UnregisteredProvider(TerminalError):
    """A file of a provider whom nobody has registered, where the settings leave that to a person."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"unregistered: no provider {name!r}; `webautodash provider register {name!r}` makes their database "
            f"(WEBAUTODASH_AUTO_REGISTER is off)"
        )


class NotFound(UsageError):
    """A thing asked for by its number or PRN is not there. ``what`` never holds the PRN itself."""

    def __init__(self, what: str, where: str) -> None:
        self.what, self.where = what, where
        super().__init__(f"{what} is not in the database of {where}")


class InvalidProviderName(UsageError):
    """A provider cannot have this name."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"provider name {name!r}: {reason}")


class ProviderNameTaken(UsageError):
    """Another registered provider has the slug, or the letters and digits, of this name."""

    def __init__(self, name: str, holder: str, holder_slug: str) -> None:
        self.name, self.holder, self.holder_slug = name, holder, holder_slug
        super().__init__(
            f"{name!r} reads like the registered provider {holder!r} ({holder_slug}) but is written differently; "
            f"if they are the same, say so: webautodash provider alias {holder_slug} {name!r}"
        )


class WrongDatabase(TerminalError):
    """A provider's database says that it belongs to another provider; nothing is read or written."""

    def __init__(self, database: str, expected: str, found: str | None) -> None:
        self.database, self.expected, self.found = database, expected, found
        if found is None:
            said = "does not say whose it is; `webautodash provider register` with the provider's name claims it"
        else:
            said = f"says it is {found}'s; nothing was touched"
        super().__init__(f"database {database} should belong to {expected} but {said}")


class MalformedDocument(TerminalError):
    """A file is not an extraction; ``position`` is a line and column or a JSON path, ``reason`` never a value."""

    def __init__(self, path: PurePath, position: str, reason: str, *, truncated: bool = False) -> None:
        self.path, self.position, self.reason, self.truncated = path, position, reason, truncated
        super().__init__(f"{path.name}, {position}: {reason}")


class UnreadablePatient(TerminalError):
    """One patient of a file cannot be taken in; the others can. ``reason`` is a code, ``detail`` a JSON path."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}")


class WrongFolder(TerminalError):
    """A file's provider is not the one whose folder it lies in."""

    def __init__(self, path: PurePath, named: str, folder: str) -> None:
        self.path, self.named, self.folder = path, named, folder
        self.reason = (
            f"the file names the provider {named!r} but lies in the folder {folder!r}; "
            f"move it to its own provider's folder, or tell that both are one: webautodash provider alias"
        )
        super().__init__(f"{path.name}: {self.reason}")


class StillBeingWritten(TransientError):
    """A file that changed while it was read; it is left for the next look."""

    def __init__(self, path: PurePath) -> None:
        self.path = path
        super().__init__(f"{path.name} is still being written; it is taken at the next look")


class NoAnswer(TransientError):
    """A folder does not answer in time, such as one on a network that is gone."""

    def __init__(self, complaint: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"{complaint} within {seconds:g} s; check the mount, or raise WEBAUTODASH_PASS_SECONDS if it is only slow"
        )


class NoTemporarySpace(TransientError):
    """The private copy of a large file finds no room; the file itself may be good."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path.name}: no room for its copy in the temporary folder ({reason}); set TMPDIR")


class UnusableFile(TerminalError):
    """A path that is not a regular, readable file."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


class DatabaseError(TerminalError):
    """The database refused a statement; ``code`` is the server's, ``table`` where it is known."""

    def __init__(self, database: str, code: str, advice: str) -> None:
        self.database, self.code, self.advice = database, code, advice
        super().__init__(f"database {database}: error {code}; {advice}")


class RowTooLarge(DatabaseError):
    """One row alone is larger than a packet that the server takes."""

    def __init__(self, database: str, table: str) -> None:
        self.table = table
        super().__init__(
            database, "1153", f"a row of {table} is larger than the server's max_allowed_packet; raise it there"
        )


class DuplicateKey(DatabaseError):
    """A unique key holds this row already; another worker was first."""


class DatabaseBusy(TransientError):
    """A lock, a deadlock or a lost connection, after the bounded number of tries."""

    exit_status = 3

    def __init__(self, database: str, code: str) -> None:
        self.database, self.code = database, code
        super().__init__(f"database {database}: busy or the connection was lost (error {code}); try again")


class LoadInDoubt(TransientError):
    """The server did not take a load of rows whole; the transaction is undone and done again by other means."""

    exit_status = 3

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(f"database {database}: rows could not be loaded in one go; try again")


class LeaseHeld(TransientError):
    """Another process is at work on the same thing."""

    def __init__(self, name: str, holder: str, purpose: str, since: datetime | None) -> None:
        self.name, self.holder, self.purpose, self.since = name, holder, purpose, since
        at = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        work = f" ({purpose})" if purpose else ""
        super().__init__(f"{name}: {holder} is at work on it{at}{work}; wait for its end, then try again")


class LeaseLost(TransientError):
    """The time of a lease ran out while its holder was at work; whoever took it over goes on."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name}: the lease ran out or is another's by now; stopped before the next step")


class DeliveryFailed(TransientError):
    """A message about alerts did not arrive; ``reason`` is a type, a code or a number, without any secret."""

    def __init__(self, channel: str, reason: str) -> None:
        self.channel, self.reason = channel, reason
        super().__init__(f"{channel}: {reason}")


class DatabaseUnreachable(TransientError):
    """No connection to the server."""

    exit_status = 3

    def __init__(self, where: str, code: str, advice: str) -> None:
        self.where, self.code, self.advice = where, code, advice
        super().__init__(f"cannot reach the database server at {where} (error {code}): {advice}")


class NoFreeConnection(TransientError):
    """All connections that the settings allow are in use, and none came back in time."""

    exit_status = 3

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            f"all {most} database connections are in use and none was given back in time: raise "
            f"WEBAUTODASH_MAX_CONNECTIONS, use fewer threads, or leave the sessions that are done"
        )


class DatabaseMissing(TerminalError):
    """A registered provider's database is not on the server."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database} is registered but not on the server: restore it from a backup, "
            f"or make it anew and empty with `webautodash provider register`"
        )


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
            f"webautodash provider adopt {database}"
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
