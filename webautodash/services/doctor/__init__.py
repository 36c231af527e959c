"""Is everything right? What is wrong, how much it matters, and what cures it."""

from webautodash.services.doctor.examination import examine, examine_given, examine_isolation
from webautodash.services.doctor.findings import DoctorReport, Finding, Severity

__all__ = [
    "DoctorReport",
    "Finding",
    "Severity",
    "examine",
    "examine_given",
    "examine_isolation",
]
