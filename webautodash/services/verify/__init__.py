"""Verifies that stored rows are as they were written, and that the databases agree."""

from webautodash.services.verify.report import ProviderVerification, RowFault, Verification, WrongRow
from webautodash.services.verify.verify_providers import verify

__all__ = ["ProviderVerification", "RowFault", "Verification", "WrongRow", "verify"]
