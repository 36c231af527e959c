"""Verifies that stored rows are as they were written, and that the databases agree."""

from webautodash.services.verify.divergence import (
    Divergence,
    DivergingFile,
    Location,
    SystemRecords,
    compare_databases,
    find_divergence,
    is_active,
    recorded_rows,
    system_records,
)
from webautodash.services.verify.report import ProviderVerification, RowFault, Verification, WrongRow
from webautodash.services.verify.verify_providers import OnExtractions, verify

__all__ = [
    "Divergence",
    "DivergingFile",
    "Location",
    "OnExtractions",
    "ProviderVerification",
    "RowFault",
    "SystemRecords",
    "Verification",
    "WrongRow",
    "compare_databases",
    "find_divergence",
    "is_active",
    "recorded_rows",
    "system_records",
    "verify",
]
