"""Checks of an installation: what is wrong and how much it matters."""

from webautodash.services.doctor.findings import DoctorReport, Finding, FindingSeverity
from webautodash.services.doctor.run_checks import examine, examine_isolation

__all__ = ["DoctorReport", "Finding", "FindingSeverity", "examine", "examine_isolation"]
