"""Are the rows what they were?"""

from webautodash.services.verify.report import ProviderVerification, Verification, Wrong, WrongRow
from webautodash.services.verify.verify_providers import verify

__all__ = ["ProviderVerification", "Verification", "Wrong", "WrongRow", "verify"]
