"""Who decides, and why: what every decision of a person needs."""

from typing import NamedTuple

from webautodash.domain.limits import SHORT_TEXT_LENGTH
from webautodash.errors import UsageError, without_context


class Signature(NamedTuple):
    """The name of the person who decides, and the reason; neither is empty."""

    by: str
    why: str


@without_context
def check_signature(by: str, why: str) -> Signature:
    """Check a decision's ``--by`` and ``--why``.

    Raises UsageError where one is missing, where ``by`` is longer than 255 characters, and for text that is not UTF-8.
    """
    by, why = by.strip(), why.strip()
    if not by or not why:
        raise UsageError("a decision needs who decides and why: --by and --why")
    if len(by) > SHORT_TEXT_LENGTH:
        raise UsageError(f"--by is longer than {SHORT_TEXT_LENGTH} characters")
    try:
        (by + why).encode()
    except UnicodeEncodeError:
        raise UsageError("--by or --why is not UTF-8") from None
    return Signature(by, why)
