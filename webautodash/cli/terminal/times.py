"""Times as a user types them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from webautodash.errors import UsageError, without_context

_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@without_context
def parse_time(option: str, text: str, zone: tzinfo) -> datetime:
    """Parse an ISO date or time, by default in ``zone``, or an age such as 7d. Raises UsageError with the option."""
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        time = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"{option} takes 2025-03-10, 2025-03-10T09:00, or an age: 90m, 2h, 7d") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=zone)
