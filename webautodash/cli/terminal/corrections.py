"""What a correction of stored data did, in words."""

from webautodash.cli.terminal.output import say
from webautodash.domain.wording import counted
from webautodash.services.review.sessions import TimeCorrection
from webautodash.services.review.stored_failures import StoredReview


def say_corrected(done: TimeCorrection | StoredReview) -> None:
    """Print what followed for patients and conflicts."""
    say(f"{counted(done.patients, 'patient')} compared again, {done.patients_changed} with other values")
    say(
        f"conflicts: {done.conflicts_added} added, {done.conflicts_closed} closed as false positives, "
        f"{done.conflicts_reopened} reopened"
    )
    if done.conflicts_decided:
        left = counted(done.conflicts_decided, "conflict")
        say(f"{left} left as people decided, although no comparison shows them now")
