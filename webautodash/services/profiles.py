"""The profiles of an installation: loads them, tries them with a file, and drafts one from a file."""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from webautodash.config import Settings
from webautodash.config.setting_names import setting_key
from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.document.find_profile import Attempt
from webautodash.domain.extraction.document.read_document import Document, read_document
from webautodash.domain.extraction.patient.demographics import DEMOGRAPHICS_KEY
from webautodash.domain.extraction.patient.read_patient import read_patient
from webautodash.domain.extraction.profiles.built_in import with_built_in
from webautodash.domain.extraction.profiles.draft_profile import draft_profile
from webautodash.domain.extraction.profiles.parse_profile import LONGEST_PROFILE, parse_profile
from webautodash.domain.extraction.profiles.profile import Profile
from webautodash.domain.extraction.profiles.stated_prn import readable_prn
from webautodash.domain.set_aside_reasons import INCOMPLETE
from webautodash.errors import (
    ConfigurationError,
    InvalidProfile,
    MalformedDocument,
    UnreadablePatient,
    UsageError,
    without_context,
)
from webautodash.repositories.base import from_row

SUFFIX = ".toml"
LARGEST_SAMPLE = 64 << 20
"""The largest file from which a profile is drafted, in bytes: it is decoded as a whole."""


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """One profile."""

    name: str
    title: str
    """The portal, for people."""
    source: str
    """``built in``, or the path of its file."""
    sha256: str
    """The SHA-256 of its text."""


@dataclass(frozen=True, slots=True)
class ProfileDetail(ProfileSummary):
    """One profile with its text."""

    text: str
    """The TOML."""


@dataclass(frozen=True, slots=True)
class ReadPatient:
    """How a patient of a file would be read."""

    position: int
    """Position in the file, from 0."""
    prn: str | None
    reason: str | None
    """Why the patient would be set aside, as a code; None for one that can be stored."""
    detail: str | None
    items: dict[str, int]
    """Number of items by list."""
    left_over: tuple[str, ...]
    """The keys that neither the profile nor the native format names. Their values are kept, but not compared."""


@dataclass(frozen=True, slots=True)
class ProfileTrial:
    """How a file would be read."""

    path: str
    profile: str | None
    """None if no profile fits, or the file is not an extraction."""
    profile_sha256: str | None
    provider_name: str | None
    """The provider that the file names."""
    kind: str | None
    """Why the file would be rejected, as a code."""
    reason: str | None
    tried: tuple[Attempt, ...]
    """The profiles that were tried before, each with what the file lacks."""
    patients: tuple[ReadPatient, ...]


def load_profiles(settings: Settings) -> tuple[Profile, ...]:
    """All profiles, in the order in which they are tried: a user's own by name, then the built-in ones.

    Raises ConfigurationError if the folder cannot be read, InvalidProfile for the first file that is not valid.
    """
    folder = settings.profiles_dir
    return with_built_in([] if folder is None else [_read(path) for path in _files(folder)])


def list_profiles(settings: Settings) -> tuple[ProfileSummary, ...]:
    """The profiles, in the order in which they are tried."""
    return tuple(from_row(ProfileSummary, profile) for profile in load_profiles(settings))


def show_profile(settings: Settings, name: str) -> ProfileDetail:
    """One profile with its text. Raises UsageError with the known names."""
    return from_row(ProfileDetail, _find(settings, name))


def _find(settings: Settings, name: str) -> Profile:
    """The profile with this name. Raises UsageError with the known names."""
    profiles = load_profiles(settings)
    found = next((one for one in profiles if one.name == name), None)
    if found is None:
        raise UsageError(f"no profile {name!r}; there are {', '.join(sorted(one.name for one in profiles))}")
    return found


def try_profiles(settings: Settings, path: Path, name: str | None = None) -> ProfileTrial:
    """Read a file as an ingest would, by all profiles or by the one that is named; nothing is written."""
    profiles = load_profiles(settings) if name is None else (_find(settings, name),)
    try:
        document = read_document(path, largest=settings.max_file_size, profiles=profiles)
    except MalformedDocument as error:
        reason = f"{error.position}: {error.reason}"
        return ProfileTrial(str(path), None, None, None, error.kind, reason, (), ())
    used = document.profile
    patients = tuple(_read_patients(document))
    provider = document.provider_name
    return ProfileTrial(str(path), used.name, used.sha256, provider, None, None, tuple(document.attempts), patients)


@without_context
def draft_from(path: Path) -> str:
    """The TOML of a draft for a portal whose file is a sample.

    Raises UsageError if the file is too large to be decoded as a whole, is not JSON, or holds nothing like a patient.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_SAMPLE + 1)
        if len(content) > LARGEST_SAMPLE:
            raise UsageError(f"{path} is larger than {LARGEST_SAMPLE >> 20} MiB; take a smaller sample")
        draft = draft_profile(msgspec.json.decode(content.removeprefix(BOM_UTF8)))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON that can be read") from None
    if draft is None:
        raise UsageError(f"{path} holds nothing that looks like a patient: no key such as mrn, name or birth date")
    return draft


def _read_patients(document: Document) -> Iterator[ReadPatient]:
    for position, raw in enumerate(document.patients):
        try:
            read = read_patient(raw, position, DateOrder.MDY, document.container)
        except UnreadablePatient as error:
            prn = readable_prn(raw, document.profile)
            yield ReadPatient(position, prn, error.reason, error.detail, {}, ())
            continue
        items = {name: len(some.structs) for name, some in read.items.items()}
        failed = read.failed or document.failed
        reason = INCOMPLETE if failed else None
        yield ReadPatient(position, read.prn, reason, failed, items, tuple(_left_over(read.extra or {})))


def _left_over(extra: Mapping[str, Any]) -> Iterator[str]:
    for key, value in extra.items():
        if key == DEMOGRAPHICS_KEY and isinstance(value, dict):
            yield from (f"{key}.{name}" for name in value)
        else:
            yield key


@without_context
def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and not path.name.startswith("."))
    except OSError as error:
        raise ConfigurationError(setting_key("profiles_dir"), f"cannot be read ({error.strerror})") from None


@without_context
def _read(path: Path) -> Profile:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_PROFILE + 1)
    except OSError as error:
        raise InvalidProfile(str(path), None, None, f"cannot be read ({error.strerror})") from None
    if len(content) > LONGEST_PROFILE:
        raise InvalidProfile(str(path), None, None, f"larger than {LONGEST_PROFILE >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidProfile(str(path), line, None, "not UTF-8") from None
    return parse_profile(text, path.stem, str(path))
