"""Errors of the registry: names of providers, roots, and owners of databases."""

from collections.abc import Mapping, Sequence

from webautodash.errors.base import ConfigurationError, TerminalError, UsageError


class NotSetUp(UsageError):
    """The system database or one of its tables does not exist; a command that only reads does not create it."""

    def __init__(self, where: str, bare: str | None = None) -> None:
        self.where, self.bare = where, bare
        missing = f"the system database {bare} has no tables" if bare else "there is no system database"
        super().__init__(f"{missing} at {where} yet; set it up first")


class SystemDatabaseTaken(ConfigurationError):
    """The name of the system database is that of a provider's database; nothing is read or written there."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            "WEBAUTODASH_SYSTEM_DATABASE",
            f"names {database}, which is the database of a provider; choose another name, or remove the setting "
            f"(the default is the prefix and `system`)",
        )


class NotAProvidersDatabase(TerminalError):
    """The database of a provider would be the system database of this or another installation."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"database {database} is the system database of an installation and cannot be a provider's; nothing was "
            f"changed: give one of them another name (WEBAUTODASH_SYSTEM_DATABASE, WEBAUTODASH_DATABASE_PREFIX, or "
            f"the provider's name)"
        )


class UnknownResultsFolder(ConfigurationError):
    """The Results folder belongs to no root of this installation."""

    def __init__(self, folder: str, known: Mapping[str, str], wanted: str | None, *, has_a_root: bool = False) -> None:
        self.folder, self.known, self.wanted, self.has_a_root = folder, dict(known), wanted, has_a_root
        folders = ", ".join(f"{name}: {where}" for name, where in known.items()) or "none"
        super().__init__(
            "WEBAUTODASH_RESULTS_DIR" if wanted is None else "WEBAUTODASH_RESULTS_ROOT",
            f"{folder} is not a Results folder of this installation{f' under the root {wanted}' if wanted else ''} "
            f"({folders})",
        )


class AmbiguousRoot(ConfigurationError):
    """Several roots have the Results folder, for example because machines have different folders at one path."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        self.folder, self.names = folder, tuple(names)
        super().__init__(
            "WEBAUTODASH_RESULTS_ROOT",
            f"{folder} is a folder of the roots {', '.join(names)}; set the name of the root that is meant here",
        )


class UnknownRoot(UsageError):
    """No root has this name, or the root does not have this folder."""

    def __init__(self, name: str, folder: str | None = None) -> None:
        self.name, self.folder = name, folder
        super().__init__(
            f"there is no root {name!r}" if folder is None else f"{folder} is not a folder of the root {name!r}"
        )


class RootInUse(UsageError):
    """The last folder of a root whose files are recorded cannot be removed."""

    def __init__(self, name: str, folder: str) -> None:
        self.name, self.folder = name, folder
        super().__init__(f"files of the root {name} are recorded, and {folder} is its only folder")


class UnknownProvider(UsageError):
    """No provider has this name; ``nearest`` holds similar names."""

    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        self.name, self.nearest = name, tuple(nearest)
        question = f"; did you mean {', '.join(nearest)}?" if nearest else ""
        super().__init__(f"no provider {name!r} is registered{question}")


class UnregisteredProvider(TerminalError):
    """The provider of a file is not registered, and automatic registration is off."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"unregistered: no provider {name!r}, and WEBAUTODASH_AUTO_REGISTER is off")


class NotFound(UsageError):
    """An object with this number or PRN does not exist. ``what`` never holds the PRN itself."""

    def __init__(self, what: str, where: str) -> None:
        self.what, self.where = what, where
        super().__init__(f"{what} is not in the database of {where}")


class InvalidProviderName(UsageError):
    """A provider cannot have this name."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"provider name {name!r}: {reason}")


class ProviderNameTaken(UsageError):
    """A registered provider has the same slug, the same letters and digits, or a name that looks alike.

    ``differences`` lists the characters that differ.
    """

    def __init__(self, name: str, holder: str, holder_slug: str, differences: str = "") -> None:
        self.name, self.holder, self.holder_slug, self.differences = name, holder, holder_slug, differences
        super().__init__(self._message())

    def _message(self) -> str:
        details = f" ({self.differences})" if self.differences else ""
        return (
            f"{self.name!r} reads like the registered provider {self.holder!r} ({self.holder_slug}) but is written "
            f"differently{details}; if they are two providers, choose a name that is clearly different, in the files "
            f"too"
        )


class SafeNameTaken(ProviderNameTaken):
    """Another provider with a different name has this slug, because eight hex digits do not tell all names apart."""

    def _message(self) -> str:
        return (
            f"{self.name!r} has the same safe name, {self.holder_slug}, as the registered provider {self.holder!r}, "
            f"who is a different person, and two providers cannot share a database; add something to this name, such "
            f"as a first name or a letter, in the files too"
        )


class WrongDatabase(TerminalError):
    """The identity in a provider's database is that of another provider; nothing is read or written."""

    def __init__(self, database: str, expected: str, found: str | None) -> None:
        self.database, self.expected, self.found = database, expected, found
        if found is None:
            identity = "it does not state its provider"
        elif found == expected:
            identity = "it belongs to another registration of that name"
        else:
            identity = f"it states that it belongs to {found}"
        super().__init__(f"database {database} should belong to {expected} but {identity}; nothing was changed")
