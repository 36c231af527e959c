"""Is everything right? What is wrong, how much it matters, and what cures it."""

from webautodash.services.doctor.findings import DoctorReport, Finding, FindingSeverity
from webautodash.services.doctor.run_checks import examine, examine_given, examine_isolation

__all__ = [
    "DoctorReport",
    "Finding",
    "FindingSeverity",
    "examine",
    "examine_given",
    "examine_isolation",
]
