"""Moments as a person gives them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from webautodash.errors import UsageError, without_context

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@without_context
def moment(option: str, text: str, zone: tzinfo) -> datetime:
    """A date, a time of ``zone`` where it names none, or so long ago. Raises UsageError that names the option."""
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"{option} takes 2025-03-10, 2025-03-10T09:00, or 90m, 2h, 7d") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)
