"""What all repositories share: the session, numbers, changes of rows, rows as dataclasses, the server's time."""

from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Executable, Select
from sqlalchemy.orm import Session

from webautodash.database.products.statements import moment

T = TypeVar("T")


def from_row(kind: type[T], row: object, **others: Any) -> T:
    """A dataclass with the values of a row under the same names; ``others`` are the fields that differ.

    Fields of an enumeration become its members.
    """
    names = {field.name: field.type for field in fields(kind) if field.name not in others}  # type: ignore[arg-type]
    values = {name: getattr(row, name) for name in names}
    words = {name: of(values[name]) for name, of in names.items() if isinstance(of, type) and issubclass(of, StrEnum)}
    return kind(**(values | words | others))


class Repository:
    """Statements about one subject in the transaction of a session. A repository never commits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _number(self, statement: Select[Any]) -> int:
        """The only value of a query as a number, 0 for NULL or no row."""
        return int(self._session.scalar(statement) or 0)

    def _change(self, statement: Executable) -> int:
        """Execute an UPDATE or DELETE. Returns the number of rows, including those that stay the same.

        Not through the ORM, which would need to refresh objects.
        """
        return self._session.connection().execute(statement).rowcount

    def _moment(self, seconds: int = 0) -> ColumnElement[Any]:
        """The database server's time plus ``seconds``, as an expression."""
        return moment(self._session.connection(), seconds)
