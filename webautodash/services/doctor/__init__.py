"""Checks of an installation: what is wrong and how much it matters."""

from webautodash.services.doctor.findings import (
    DoctorReport as DoctorReport,
    Finding as Finding,
    FindingSeverity as FindingSeverity,
)
from webautodash.services.doctor.run_checks import examine as examine, examine_isolation as examine_isolation
