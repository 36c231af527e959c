"""Accounts of a server: what they may do, and how they are made and checked. Neutral: a product names no right here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from webautodash.config.secrets import Account
from webautodash.errors import AccountUnknown


@dataclass(frozen=True, slots=True)
class AccountRights:
    """What the account of one database, or the account for migrations, should be allowed.

    Everything it may do with rows and, for migrations, with tables; never anything in other databases.
    """

    account: str
    databases: tuple[str, ...]
    """A name that ends in ``%`` stands for all names that begin with what precedes it."""
    changes_schema: bool = False
    """Create databases, change tables, and change all rows. Otherwise: read and insert rows in all tables."""
    changeable_tables: tuple[str, ...] = ()
    """Tables in which it may also change and delete rows."""
    append_only_tables: tuple[str, ...] = ()
    """Tables in which it must not."""

    def changeable_in(self, tables: Collection[str]) -> list[str]:
        """Those of ``changeable_tables`` that exist: a database that is behind lacks some."""
        return [table for table in self.changeable_tables if table in tables]


@dataclass(frozen=True, slots=True)
class ExcessRights:
    """Rights that an account has and should not have."""

    holder: str
    """The account or role, quoted as in a statement."""
    rights: tuple[str, ...]
    object: str
    """What the rights are on, as a statement names it."""
    is_revoked_by_grant: bool
    """Whether ``ServerAccounts.grant`` takes them back: an earlier version of the program granted them."""
    advice: str
    """The statements that take them back."""

    def __str__(self) -> str:
        return f"{', '.join(self.rights)} on {self.object}"


@dataclass(frozen=True, slots=True)
class HeldRights:
    """What an account may do, compared with ``AccountRights``."""

    is_empty: bool
    """Whether it has no rights in any database."""
    excess: tuple[ExcessRights, ...]
    others: tuple[str, ...]
    """Other rights, as the server prints them: roles, rights on columns or routines."""


@dataclass(frozen=True, slots=True)
class Probe:
    """An attempt of an account to reach a database that is not its own."""

    action: str
    answer: str | None
    """The code of the server's error; None if the attempt was allowed."""
    expected: str
    """The code with which the server has to refuse it."""

    @property
    def is_refused(self) -> bool:
        """Whether the server refused it as it should."""
        return self.answer == self.expected


class ServerAccounts(Protocol):
    """The accounts of a server, seen by an account that may manage them."""

    @property
    def host(self) -> str:
        """The hosts that the managing account may connect from."""

    def create(self, account: Account, host: str) -> bool:
        """Create an account without any rights; False if it exists."""

    def change_password(self, account: Account, host: str) -> None:
        """Change an account's password; existing connections stay open."""

    def grant(self, rights: AccountRights, host: str) -> tuple[str, ...]:
        """Grant an account its rights, and revoke what an earlier version granted beyond them. Returns their names."""

    def held(self, rights: AccountRights, host: str) -> HeldRights | None:
        """What an account may do; None if it does not exist.

        Raises AccountUnknown if the managing account may not see it, whether it exists or not.
        """

    def unknown(self, name: str, host: str) -> AccountUnknown:
        """The error for an account that may belong to somebody else."""


class OwnAccount(Protocol):
    """A connection by one account, which reads its own rights and tries them."""

    def is_account(self, name: str, host: str) -> bool:
        """Whether the server authenticated this account, and not one of the same name for other hosts."""

    def held(self, rights: AccountRights) -> HeldRights:
        """What the account may do, by itself and by its roles."""

    def missing(self, rights: AccountRights) -> Sequence[str]:
        """Rights that the account needs and lacks, for messages."""

    def probe(self, database: str, table: str) -> Sequence[Probe]:
        """Try to reach another database."""
