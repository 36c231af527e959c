"""Where the schema of a database stands."""

from enum import StrEnum


class RevisionStatus(StrEnum):
    """Where a database stands, compared with the head of its schema history or with another target revision."""

    CURRENT = "at head"
    """At the head or target."""
    BEHIND = "behind"
    """A migration is pending."""
    MIGRATING = "interrupted"
    """At the target, with a migration to another revision that is running or was interrupted."""
    AHEAD = "ahead"
    """At a later revision, possibly one of a newer version of the program."""
    EMPTY = "empty"
    """Without tables, although its provider is registered."""
    FOREIGN = "foreign"
    """With the schema of the other history: a system database in place of a provider's, or the reverse."""
    MISSING = "missing"
    """Registered, but not on the server."""
    UNREADABLE = "unreadable"
    """Without an answer about its revision; the error says why."""
