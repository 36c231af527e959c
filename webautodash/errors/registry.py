"""What is wrong with a name, or with whose a database is."""

from collections.abc import Mapping, Sequence

from webautodash.errors.base import ConfigurationError, TerminalError, UsageError
from webautodash.errors.commands import command, quoted


class NotSetUp(UsageError):
    """There is no system database yet, or one without a table; a reading command does not create one."""

    def __init__(self, where: str, bare: str | None = None) -> None:
        self.where, self.bare = where, bare
        what = f"there are no tables in the system database {bare}" if bare else "there is no system database"
        super().__init__(f"{what} at {where} yet: run `webautodash setup` first")


class SystemDatabaseTaken(ConfigurationError):
    """The name of the system database is that of a provider's database; nothing is read or written there."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            "WEBAUTODASH_SYSTEM_DATABASE",
            f"names {database}, which is a provider's database; give the system database a name of its own, or leave "
            f"the setting out (its default is the prefix and `system`)",
        )


class NotAProvidersDatabase(TerminalError):
    """The database that would be a provider's is the system database of this or another installation."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database} is the system database of an installation and cannot be a provider's; nothing was "
            f"touched: give one of the two another name (WEBAUTODASH_SYSTEM_DATABASE, WEBAUTODASH_DATABASE_PREFIX, or "
            f"the provider's name)"
        )


class UnknownResultsFolder(ConfigurationError):
    """The Results folder is none of those that belong to the store: its files would be mistaken for a root's."""

    def __init__(self, folder: str, known: Mapping[str, str], wanted: str | None, *, has_a_root: bool = False) -> None:
        self.folder, self.known, self.wanted = folder, dict(known), wanted
        root = wanted or next(iter(known), "default")
        folders = ", ".join(f"{name}: {where}" for name, where in known.items()) or "none"
        flag = " --same-path" if has_a_root else ""
        super().__init__(
            "WEBAUTODASH_RESULTS_DIR" if wanted is None else "WEBAUTODASH_RESULTS_ROOT",
            f"{folder} is no Results folder of this store{f' under the root {wanted}' if wanted else ''} ({folders}). "
            f"If the folder has moved: {command('root move', root, folder)}; if this is another path of the same "
            f"folder, as on another machine: {command(f'root add{flag}', root, folder)}; if it is another folder: "
            f"{command(f'root add{flag}', 'NAME', folder)}",
        )


class AmbiguousRoot(ConfigurationError):
    """Several roots have the Results folder, as when machines have different folders of one path."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        self.folder, self.names = folder, tuple(names)
        super().__init__(
            "WEBAUTODASH_RESULTS_ROOT",
            f"{folder} is a folder of the roots {', '.join(names)}; set the name of the one that is meant here, "
            f"or remove it from the root that it is not of: {command('root remove')} NAME {quoted(folder)}",
        )


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
            f"unregistered: no provider {name!r}, and WEBAUTODASH_AUTO_REGISTER is off; to make their database: "
            f"{command('provider register', name)}"
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
    """Another registered provider has the slug, or the letters and digits, of this name, or looks like it.

    ``differences`` says which characters are others.
    """

    def __init__(self, name: str, holder: str, holder_slug: str, differences: str = "") -> None:
        self.name, self.holder, self.holder_slug, self.differences = name, holder, holder_slug, differences
        super().__init__(self._said())

    def _said(self) -> str:
        told = f" ({self.differences})" if self.differences else ""
        return (
            f"{self.name!r} reads like the registered provider {self.holder!r} ({self.holder_slug}) "
            f"but is written differently{told}; "
            "if they are two, give this one a name that tells them apart, in its files too; "
            f"if they are the same, say so: {command('provider alias', self.holder_slug, self.name)}"
        )


class SafeNameTaken(ProviderNameTaken):
    """The slug of this name is that of a provider whose name reads otherwise: eight hex digits tell few names apart."""

    def _said(self) -> str:
        return (
            f"{self.name!r} comes to the same safe name, {self.holder_slug}, as the registered provider "
            f"{self.holder!r}, who has another name and so is another person: their database cannot be this one's too; "
            "give this one a name with something more, such as the first name or one more letter, in its files too"
        )


class WrongDatabase(TerminalError):
    """A provider's database says that it belongs to another provider; nothing is read or written."""

    def __init__(self, database: str, expected: str, found: str | None) -> None:
        self.database, self.expected, self.found = database, expected, found
        if found is None:
            said = "does not say whose it is; `webautodash provider register` with the provider's name claims it"
        elif found == expected:
            said = "is of another registration of that name; nothing was touched"
        else:
            said = f"says it is {found}'s; nothing was touched"
        super().__init__(f"database {database} should belong to {expected} but {said}")
