"""The consequences of a correction of stored data."""

from typing import TYPE_CHECKING

from webautodash.cli.terminal.messages import print_line
from webautodash.domain.wording import counted

if TYPE_CHECKING:
    from webautodash.client.extraction_sessions import TimeCorrection
    from webautodash.client.set_aside_patients import StoredReview


def show_consequences(done: "TimeCorrection | StoredReview") -> None:
    """Print what changed for patients and conflicts."""
    print_line(f"{counted(done.patients, 'patient')} compared again, {done.patients_changed} with different values")
    print_line(
        f"conflicts: {done.conflicts_added} added, {done.conflicts_closed} closed as false positives, "
        f"{done.conflicts_reopened} reopened"
    )
    if done.conflicts_decided:
        kept = counted(done.conflicts_decided, "conflict")
        print_line(f"{kept} kept as decided by people, although the comparison no longer finds them")
