"""Errors of files and of patients in them."""

from datetime import datetime
from pathlib import PurePath

from webautodash.errors.base import TerminalError, TransientError, UsageError


class MalformedDocument(TerminalError):
    """A file is not an extraction. ``position`` is a line and column or a JSON path; ``reason`` holds no value."""

    def __init__(
        self, path: PurePath, position: str, reason: str, *, kind: str = "malformed", truncated: bool = False
    ) -> None:
        self.path, self.position, self.reason, self.truncated = path, position, reason, truncated
        self._kind = kind
        super().__init__(f"{path.name}, {position}: {reason}")

    @property
    def kind(self) -> str:
        """For example ``duplicate_key``; ``malformed`` for anything that is not the JSON of an extraction."""
        return self._kind


class UnreadablePatient(TerminalError):
    """One patient of a file cannot be read; the others can. ``reason`` is a code, ``detail`` a JSON path."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        self.failed: str | None = None
        """The field that marks the extraction of this patient as failed, which explains what else is missing."""
        super().__init__(f"{reason}: {detail}")


class WrongFolder(TerminalError):
    """A file is in the folder of another provider than the one that it names."""

    def __init__(self, path: PurePath, named: str, folder: str) -> None:
        self.path, self.named, self.folder = path, named, folder
        self.reason = (
            f"the file names the provider {named!r} but is in the folder {folder!r}; move it to the provider's folder"
        )
        super().__init__(f"{path.name}: {self.reason}")


class UnknownFile(UsageError):
    """No file of this path is recorded."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"no file {path!r} is recorded")


class FileNotWatched(UsageError):
    """A file lies where neither the monitor nor an ingest without paths looks; ``place`` is its full path."""

    def __init__(self, path: str, place: PurePath) -> None:
        self.path, self.place = path, place
        super().__init__(f"{path} is outside the provider folders of Results; it is only read when it is named")


class StillBeingWritten(TransientError):
    """A file changed while it was read."""

    def __init__(self, path: PurePath) -> None:
        self.path = path
        super().__init__(f"{path.name} is still being written; it is read again later")


class FileHeld(TerminalError):
    """A valid file that is not stored until a person accepts it. Each reason is a subclass, its name is the kind."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path.name}: {reason}")


class FutureTime(FileHeld):
    """``extracted_at`` is further in the future than differences of clocks and time zones explain."""

    def __init__(self, path: PurePath, extracted_at: datetime) -> None:
        self.extracted_at = extracted_at
        super().__init__(path, f"extracted_at is in the future ({extracted_at:%Y-%m-%d %H:%M} UTC)")


class StoredElsewhere(FileHeld):
    """The same bytes are stored for another provider."""

    def __init__(self, path: PurePath, provider: str) -> None:
        self.provider = provider
        super().__init__(path, f"the same file is stored for the provider {provider}")


class Suspicious(FileHeld):
    """Far more empty lists, or far fewer patients, than is usual for the provider and portal."""


ACCEPTABLE_HOLDS: tuple[type[FileHeld], ...] = (FutureTime, StoredElsewhere, Suspicious)
"""The reasons to hold a file that a person can accept."""


class BeingStoredElsewhere(TransientError):
    """Another process is storing the same bytes for another provider."""

    def __init__(self, provider: str, other: str | None) -> None:
        self.provider, self.other = provider, other
        super().__init__(
            f"the same file is being stored for the provider {other or '(unknown)'}; whether it is held for {provider} "
            f"is decided when that ends, or after 15 minutes"
        )


class NoAnswer(TransientError):
    """A folder or one of its files does not answer in time, for example on a network mount."""

    def __init__(self, folder: str, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        super().__init__(
            f"{folder} does not answer within {seconds:g} s; check the mount, or raise WEBAUTODASH_PASS_SECONDS if the "
            f"mount is slow"
        )


class FileGone(TransientError):
    """A file was in its folder when the folder was listed, and is not any more."""

    def __init__(self, path: PurePath) -> None:
        self.path, self.reason = path, "no longer exists"
        super().__init__(f"{path}: {self.reason}")


class FolderReplaced(TransientError):
    """A folder was replaced by another folder, a link or a file after its files were found; none of them is read."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(f"{folder} was replaced after the file was found in it; nothing is read from the new folder")


class ReadInterrupted(TransientError):
    """A file cannot be read now, and nothing indicates that the file is the reason."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path = path
        self.reason = f"cannot be read now ({reason}); it is read again later"
        super().__init__(f"{path}: {self.reason}")


class UnreadableFile(TerminalError):
    """A file cannot be read because of its permissions or a fault of the disk; its content may be valid."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path = path
        self.reason = f"cannot be read ({reason}); check its permissions, those of its folder, and the disk"
        super().__init__(f"{path}: {self.reason}")


class NoTemporarySpace(TransientError):
    """There is no space for the private copy of a large file; the file itself may be valid."""

    def __init__(self, path: PurePath, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path.name}: no space for its copy in the temporary folder ({reason}); set TMPDIR")


class UnusableFile(TerminalError):
    """A path that is not a regular file of its own, or a file that is larger than the settings allow."""

    def __init__(self, path: PurePath, reason: str, kind: str = "no_regular_file") -> None:
        self.path, self.reason = path, reason
        self._kind = kind
        super().__init__(f"{path}: {reason}")

    @property
    def kind(self) -> str:
        """For example ``file_too_large`` or ``symbolic_link``."""
        return self._kind
