"""Findings of the checks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from webautodash.database.products import ServerProblem
from webautodash.errors import DatabaseError, WebAutoDashError


class FindingSeverity(StrEnum):
    """How much a finding matters, most first."""

    ERROR = "error"
    """Something does not work, or a secret or data are at risk."""
    WARNING = "warning"
    """It works, but may fail later."""
    INFO = "info"
    OK = "ok"
    """Checked, without a problem."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check; ``code`` stays the same in all versions."""

    code: str
    severity: FindingSeverity
    subject: str
    message: str
    cure: str | None = None
    """What the database product advises, such as a statement; all other advice is made in cli/ from the code."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The values that the advice needs, such as ``provider``, ``account`` or ``user``."""

    @property
    def is_problem(self) -> bool:
        """Whether it needs action."""
        return self.severity in {FindingSeverity.ERROR, FindingSeverity.WARNING}


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All findings, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[FindingSeverity, int]:
        """How many findings of each severity."""
        return {each: sum(1 for one in self.findings if one.severity is each) for each in FindingSeverity}


def error(code: str, subject: str, message: str, cure: str | None = None, **fields: str) -> Finding:
    """A finding that makes ``doctor`` exit with a status other than 0."""
    return Finding(code, FindingSeverity.ERROR, subject, message, cure, fields)


def of_error(code: str, subject: str, refused: WebAutoDashError, **fields: str) -> Finding:
    """An error that a check met, with its kind and remedy for the command line."""
    if isinstance(refused, DatabaseError) and refused.remedy is not None:
        fields["remedy"] = refused.remedy
    return error(code, subject, str(refused), kind=refused.kind, **fields)


def warning(code: str, subject: str, message: str, **fields: str) -> Finding:
    """A finding that may need action; it does not change the exit status."""
    return Finding(code, FindingSeverity.WARNING, subject, message, fields=fields)


def info(code: str, subject: str, message: str, **fields: str) -> Finding:
    """A finding that needs no action."""
    return Finding(code, FindingSeverity.INFO, subject, message, fields=fields)


def fine(code: str, subject: str, message: str) -> Finding:
    """A check without a problem."""
    return Finding(code, FindingSeverity.OK, subject, message)


def of_server(problems: Iterable[ServerProblem]) -> list[Finding]:
    """The problems of a server as findings."""
    return [Finding(one.code, FindingSeverity(one.severity), one.subject, one.message, one.advice) for one in problems]


def or_fine(found: Iterable[Finding], code: str, subject: str, message: str) -> list[Finding]:
    """The findings, or one without a problem if there are none."""
    return list(found) or [fine(code, subject, message)]
