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
    """Check the ``--by`` and ``--why`` of a decision.

    Raises UsageError if one is missing, if ``by`` is longer than 255 characters, and for text that is not UTF-8.
    """
    by, why = by.strip(), why.strip()
    if not by or not why:
        raise UsageError("a decision needs both --by and --why")
    if len(by) > SHORT_TEXT_LENGTH:
        raise UsageError(f"--by is longer than {SHORT_TEXT_LENGTH} characters")
    try:
        (by + why).encode()
    except UnicodeEncodeError:
        raise UsageError("--by and --why must be valid UTF-8") from None
    return Signature(by, why)
