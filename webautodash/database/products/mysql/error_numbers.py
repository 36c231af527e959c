"""The numbers of MySQL's and MariaDB's errors."""

from sqlalchemy.exc import DBAPIError


def number_of(error: DBAPIError) -> int:
    """The server's or the driver's number of an error; 0 where it has none."""
    args = getattr(error.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else 0
