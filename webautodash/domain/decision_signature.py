"""Who makes a decision, and why: required for every decision."""

from typing import NamedTuple

from webautodash.domain.limits import SHORT_TEXT_LENGTH
from webautodash.errors import UsageError, without_context


class Signature(NamedTuple):
    """The name of the person who decides, and the reason; both are not empty."""

    by: str
    why: str


@without_context
def check_signature(by: str, why: str) -> Signature:
    """Check the name and the reason of a decision.

    Raises UsageError if one is missing, if ``by`` is longer than 255 characters, and for text that is not UTF-8.
    """
    by, why = by.strip(), why.strip()
    if not by or not why:
        raise UsageError("a decision needs the name of the person who decides, and a reason", "signature")
    if len(by) > SHORT_TEXT_LENGTH:
        raise UsageError(f"the name of the person who decides is longer than {SHORT_TEXT_LENGTH} characters")
    try:
        (by + why).encode()
    except UnicodeEncodeError:
        raise UsageError("the name of the person who decides and the reason must be valid UTF-8") from None
    return Signature(by, why)
