"""What an examination finds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from webautodash.database.products import ServerProblem


class Severity(StrEnum):
    """How much a finding matters, most first."""

    ERROR = "error"
    """Something does not work, or a secret or data are in danger."""
    WARNING = "warning"
    """It works, and may not always."""
    INFO = "info"
    OK = "ok"
    """Looked at, and found to be right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one check; ``code`` stays the same from version to version."""

    code: str
    severity: Severity
    subject: str
    message: str
    cure: str | None = None
    """What to do, such as a statement for the server; None where nothing is to do, or the command line knows it."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What the command line needs to name the command that helps: ``provider``, ``slug``, ``account``, ``session``."""

    @property
    def is_problem(self) -> bool:
        """Whether somebody should do something."""
        return self.severity in {Severity.ERROR, Severity.WARNING}


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """All findings, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings of each severity."""
        return {each: sum(1 for one in self.findings if one.severity is each) for each in Severity}


def error(code: str, subject: str, message: str, cure: str | None = None, **fields: str) -> Finding:
    """A finding that fails the examination."""
    return Finding(code, Severity.ERROR, subject, message, cure, fields)


def warning(code: str, subject: str, message: str, cure: str | None = None, **fields: str) -> Finding:
    """A finding that somebody should look at."""
    return Finding(code, Severity.WARNING, subject, message, cure, fields)


def info(code: str, subject: str, message: str, cure: str | None = None, **fields: str) -> Finding:
    """A finding that is good to know."""
    return Finding(code, Severity.INFO, subject, message, cure, fields)


def fine(code: str, subject: str, message: str) -> Finding:
    """What was looked at and is right."""
    return Finding(code, Severity.OK, subject, message)


def of_server(problems: Iterable[ServerProblem]) -> list[Finding]:
    """The problems of a server as findings."""
    return [Finding(one.code, Severity(one.severity), one.subject, one.message, one.fix) for one in problems]


def or_fine(found: Iterable[Finding], code: str, subject: str, message: str) -> list[Finding]:
    """The findings, or where there are none that all is right."""
    return list(found) or [fine(code, subject, message)]
