"""Are the rows what they were?"""

from webautodash.services.verify.report import ProviderVerification, RowFault, Verification, WrongRow
from webautodash.services.verify.verify_providers import verify

__all__ = ["ProviderVerification", "RowFault", "Verification", "WrongRow", "verify"]
