"""Finds the list of patients in a document: exports of other portals have it in other places."""

from typing import NamedTuple

import msgspec

from webautodash.domain.extraction.document.faults import FAILED_JOB, NO_PATIENTS, TWO_LISTS, DocumentFaultError
from webautodash.domain.extraction.json_text import WHITE_SPACE, skip, text_of
from webautodash.domain.extraction.profiles.profile import Profile

MISSING = msgspec.Raw(b"")
# Values of an error field that mean that there is no error.
_NO_ERROR = frozenset({b"", b"null", b'""', b"false", b"[]", b"{}"})
_FAILED = frozenset({"aborted", "cancelled", "canceled", "error", "failed", "failure", "timed_out", "timeout"})
_LONGEST_STATUS = 64


class PatientContainer(NamedTuple):
    """The place of the patients in a document, and how they are read."""

    keys: tuple[str, ...]
    """The keys that lead to the list of patients; empty if the document itself is the list."""
    is_single: bool = False
    """Whether there is one patient instead of a list."""
    profile: Profile | None = None
    """The profile that maps the patients to the native shape; None if they are read as they are."""

    @property
    def path(self) -> str:
        """As a JSON path."""
        return "".join(("$", *(f".{key}" for key in self.keys)))

    def place(self, position: int) -> str:
        """The JSON path of a patient, from the top."""
        path = self.path if self.is_single else f"{self.path}[{position}]"
        return path.removeprefix("$").removeprefix(".")


NATIVE = PatientContainer(("extraction_results",))
IN_RESULTS = PatientContainer(("extraction_results", "patients"))
_ONE_PATIENT = PatientContainer(("extraction_results",), is_single=True)
_BESIDE_METADATA = PatientContainer(("patients",))
BARE = PatientContainer(())


class OuterMembers(msgspec.Struct):
    """The members of a document or of its results that tell what it is."""

    extraction_metadata: msgspec.Raw = MISSING
    extraction_results: msgspec.Raw = MISSING
    patients: msgspec.Raw = MISSING
    status: msgspec.Raw = MISSING
    success: msgspec.Raw = MISSING
    error: msgspec.Raw = MISSING
    extraction_status: msgspec.Raw = MISSING
    extraction_error: msgspec.Raw = MISSING
    patient_id: msgspec.Raw = MISSING
    demographics_printable: msgspec.Raw = MISSING

    @property
    def is_patient(self) -> bool:
        """Whether the object is a patient."""
        return self.patient_id is not MISSING or self.demographics_printable is not MISSING

    @property
    def failed_field(self) -> str | None:
        """The member that reports that the job failed."""
        failed = {
            "status": _text(self.status).strip().casefold() in _FAILED,
            "extraction_status": _text(self.extraction_status).strip().casefold() in _FAILED,
            "success": _begin(self.success) == b"false",
            "error": _begin(self.error) not in _NO_ERROR,
            "extraction_error": _begin(self.extraction_error) not in _NO_ERROR,
        }
        return next((name for name, is_failed in failed.items() if is_failed), None)


def find_container(content: memoryview) -> tuple[PatientContainer, msgspec.Raw]:
    """The place of the patients, and the metadata. Raises DocumentFaultError if there is no list of patients."""
    if bytes(content[(start := skip(WHITE_SPACE, content, 0)) : start + 1]) == b"[":
        msgspec.json.decode(content, type=msgspec.Raw)
        if content[skip(WHITE_SPACE, content, start + 1)] == ord("]"):
            raise DocumentFaultError("$", NO_PATIENTS)
        return BARE, MISSING
    outer = msgspec.json.decode(content, type=OuterMembers)
    results, metadata = outer.extraction_results, outer.extraction_metadata
    if _begins(results, b"{"):
        inner = msgspec.json.decode(results, type=OuterMembers)
        if inner.is_patient:
            if _holds_any(inner.patients):
                raise DocumentFaultError("$.extraction_results", TWO_LISTS)
            return _ONE_PATIENT, metadata
        failed = inner.failed_field or outer.failed_field
        if _begins(inner.patients, b"[") and (_has_items(inner.patients) or not failed):
            return IN_RESULTS, metadata
        raise DocumentFaultError("$.extraction_results", FAILED_JOB if failed else NO_PATIENTS)
    if _has_items(results):
        return NATIVE, metadata
    if _has_items(outer.patients):
        return _BESIDE_METADATA, metadata
    if outer.failed_field:
        raise DocumentFaultError("$", FAILED_JOB)
    has_list = results is not MISSING or _begins(outer.patients, b"[")
    if metadata is MISSING or not has_list:
        raise DocumentFaultError("$", NO_PATIENTS)
    return (_BESIDE_METADATA if results is MISSING else NATIVE), metadata


def is_patient(raw: msgspec.Raw) -> bool:
    """Whether a value is a patient."""
    return _begins(raw, b"{") and bool(msgspec.json.decode(raw, type=OuterMembers).is_patient)


def states_demographics(raw: msgspec.Raw) -> bool:
    """Whether a value is a patient with demographics in the native place."""
    if not _begins(raw, b"{"):
        return False
    return msgspec.json.decode(raw, type=OuterMembers).demographics_printable is not MISSING


def _begins(raw: msgspec.Raw, bracket: bytes) -> bool:
    return bytes(memoryview(raw)[:1]) == bracket


def _begin(raw: msgspec.Raw) -> bytes:
    return bytes(memoryview(raw)[:_LONGEST_STATUS])


def _has_items(raw: msgspec.Raw) -> bool:
    """Whether the value is a list that is not empty."""
    return _begins(raw, b"[") and _holds_any(raw)


def _holds_any(raw: msgspec.Raw) -> bool:
    """Whether the value is a list or an object that is not empty."""
    is_either = _begins(raw, b"[") or _begins(raw, b"{")
    return is_either and skip(WHITE_SPACE, memoryview(raw), 1) < len(memoryview(raw)) - 1


def _text(raw: msgspec.Raw) -> str:
    text = bytes(memoryview(raw)[:_LONGEST_STATUS])
    return text_of(text) if text[:1] == b'"' and len(text) < _LONGEST_STATUS else ""
