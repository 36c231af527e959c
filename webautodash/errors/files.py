"""What is wrong with a file, or with a patient in it."""

from datetime import datetime
from pathlib import PurePath

from webautodash.errors.base import TerminalError, TransientError


class MalformedDocument(TerminalError):
    """A file is not an extraction; ``position`` is a line and column or a JSON path, ``reason`` never a value."""

    def __init__(
        self, path: PurePath, position: str, reason: str, *, kind: str = "malformed", truncated: bool = False
    ) -> None:
        self.path, self.position, self.reason, self.truncated = path, position, reason, truncated
        self._kind = kind
        super().__init__(f"{path.name}, {position}: {reason}")

    @property
    def kind(self) -> str:
        """Such as ``duplicate_key``; ``malformed`` for what is no JSON, or not the JSON of an extraction."""
        return self._kind


class UnreadablePatient(TerminalError):
    """One patient of a file cannot be taken in; the others can. ``reason`` is a code, ``detail`` a JSON path."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        self.failed: str | None = None
        """The field that says that the extraction of this patient failed, which is why something else is missing."""
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


class FileHeld(TerminalError):
    """A whole file that is not stored until a person accepts it. Each reason is a subclass, its name is the kind."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path.name}: {reason}")


class FutureTime(FileHeld):
    """``extracted_at`` lies further in the future than clocks and time zones differ."""

    def __init__(self, path: PurePath, extracted_at: datetime) -> None:
        self.extracted_at = extracted_at
        super().__init__(path, f"extracted_at is in the future ({extracted_at:%Y-%m-%d %H:%M} UTC)")


class StoredElsewhere(FileHeld):
    """The same bytes are stored for another provider."""

    def __init__(self, path: PurePath, provider: str) -> None:
        self.provider = provider
        super().__init__(path, f"the same file is stored for the provider {provider}")


ACCEPTABLE_HOLDS: tuple[type[FileHeld], ...] = (FutureTime, StoredElsewhere)
"""The reasons for which a file is held that a person can accept."""


class BeingStoredElsewhere(TransientError):
    """Another process has begun to store the same bytes for another provider, and has not ended yet."""

    def __init__(self, provider: str, other: str | None) -> None:
        self.provider, self.other = provider, other
        super().__init__(
            f"the same file is being stored for the provider {other or '(unknown)'}; whether it is to be held for "
            f"{provider} is known once that has ended, or after 15 minutes"
        )


class NoAnswer(TransientError):
    """A folder, or a file in it, does not answer in time, such as on a network that is gone."""

    def __init__(self, folder: str, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        super().__init__(
            f"{folder} does not answer within {seconds:g} s; check the mount, or raise WEBAUTODASH_PASS_SECONDS if it "
            f"is only slow"
        )


class FileGone(TransientError):
    """A file that was there when its folder was looked at, and is no longer."""

    def __init__(self, path: PurePath) -> None:
        self.path, self.reason = path, "is no longer there"
        super().__init__(f"{path}: {self.reason}")


class FolderReplaced(TransientError):
    """Another folder, a link or a file is where a folder was when its files were found; none of them is read."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} is no longer the folder that the file was found in; nothing is read from what is in its place"
        )


class ReadInterrupted(TransientError):
    """A file cannot be read at this moment, and nothing says that it is the file's fault."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path = path
        self.reason = f"cannot be read at this moment ({reason}); it is tried again"
        super().__init__(f"{path}: {self.reason}")


class UnreadableFile(TerminalError):
    """A file cannot be read, for want of rights or by the fault of a disk; what it holds may be good."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path = path
        self.reason = f"cannot be read ({reason}); check its rights, its folder's, and the disk"
        super().__init__(f"{path}: {self.reason}")


class NoTemporarySpace(TransientError):
    """The private copy of a large file finds no room; the file itself may be good."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path.name}: no room for its copy in the temporary folder ({reason}); set TMPDIR")


class UnusableFile(TerminalError):
    """A path that is no regular file of its own, or a file that is larger than the settings allow."""

    def __init__(self, path: PurePath, reason: str, kind: str = "no_regular_file") -> None:
        self.path, self.reason = path, reason
        self._kind = kind
        super().__init__(f"{path}: {reason}")

    @property
    def kind(self) -> str:
        """Such as ``file_too_large`` or ``symbolic_link``."""
        return self._kind
