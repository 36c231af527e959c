"""``webautodash set-aside``: patients that were set aside."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.advice import explain_unreadable, set_aside_advice
from webautodash.cli.exit_status import PROBLEMS, exit_with_problems
from webautodash.cli.options import (
    AfterOption,
    AnyProviderArgument,
    ByOption,
    DryRunOption,
    JsonOption,
    LimitOption,
    NumberArgument,
    ProviderArgument,
    WhyOption,
)
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show, show_json
from webautodash.cli.terminal.results import show_consequences, show_listing
from webautodash.cli.terminal.tables import show_fields
from webautodash.client import WebAutoDash
from webautodash.client.set_aside_patients import RetryOutcome, SetAsideDetail
from webautodash.domain.wording import counted
from webautodash.errors import UsageError, without_context

app = typer.Typer(add_completion=False, rich_markup_mode=None)

CorrectedOption = Annotated[
    str | None, typer.Option("--with", metavar="FILE", help="The patient's corrected JSON; - for standard input.")
]
_MAX_BYTES = 64 << 20
_COLUMNS = {
    "provider": "provider",
    "id": "id",
    "file": "path",
    "position": "position",
    "PRN": "prn",
    "reason": "reason",
    "where": "detail",
    "since": "created_at",
    "taken in": "taken_in_at",
}


@app.command("list", epilog="Example: webautodash set-aside list gary_wang --reason emptied")
def list_(
    provider: AnyProviderArgument = None,
    reasons: Annotated[
        list[str] | None,
        typer.Option("--reason", metavar="REASON", help="Only this reason, such as emptied. Repeatable."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Include patients that were stored later.")] = False,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """List patients that were set aside, with file and reason."""
    with WebAutoDash() as webautodash:
        found = webautodash.set_aside_patients.search(
            provider, reasons=reasons or (), taken_in=None if everything else False, limit=limit, after=after
        )
    empty = "no patient was ever set aside" if everything else "no patient is set aside"
    empty += f" for {' or '.join(reasons)}" if reasons else ""
    show_listing(found, _COLUMNS, empty, as_json=as_json)


@app.command("show", epilog="Example: webautodash set-aside show gary_wang 3")
def show_(provider: ProviderArgument, set_aside_id: NumberArgument, as_json: JsonOption = False) -> None:
    """Show one patient with the JSON from the file."""
    with WebAutoDash() as webautodash:
        found = webautodash.set_aside_patients.show(provider, set_aside_id)
    show(found, _show_patient, as_json=as_json)


@app.command(
    epilog="Example: webautodash set-aside show gary_wang 3 --json | jq -r .raw_json > p.json; correct p.json; "
    "webautodash set-aside retry gary_wang 3 --with p.json"
)
def retry(
    provider: ProviderArgument,
    set_aside_id: NumberArgument,
    corrected: CorrectedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store a patient from the original or corrected JSON.

    The counts of the file are updated. Does not store patients that need a person's decision: see accept.
    """
    text = None if corrected is None else _read(corrected)
    with WebAutoDash() as webautodash:
        outcome = webautodash.set_aside_patients.retry(provider, set_aside_id, text)
    if as_json:
        show_json(outcome)
    _report(provider, (outcome,), as_json=as_json)


@app.command(
    epilog="Example: webautodash set-aside list gary_wang --reason emptied; "
    'webautodash set-aside accept gary_wang 3 4 --by "Dr. Wang" --why "seen in the portal: no medications any more"'
)
def accept(
    provider: ProviderArgument,
    set_aside_ids: Annotated[list[int], typer.Argument(metavar="ID", help="Numbers in the list.")],
    by: ByOption,
    why: WhyOption,
    corrected: CorrectedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store patients because a person confirms their file.

    For the reasons incomplete_extraction, emptied and other_person. Who decided, when and why is kept with each.
    """
    text = None if corrected is None else _read(corrected)
    with WebAutoDash() as webautodash:
        outcomes = webautodash.set_aside_patients.accept(provider, set_aside_ids, by=by, why=why, corrected=text)
    if as_json:
        show_json(outcomes)
    _report(provider, outcomes, as_json=as_json)


@app.command(
    "review-stored", epilog="Example: webautodash set-aside review-stored gary_wang --by Ann --why 'timed out'"
)
def review_stored(
    by: ByOption,
    why: WhyOption,
    provider: AnyProviderArgument = None,
    dry_run: DryRunOption = False,
    undo: Annotated[bool, typer.Option("--undo", help="Restore what earlier reviews set aside.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Set aside stored extractions that are marked as failed.

    `webautodash verify` lists them. Their duplicates without items are set aside too if there were items before. The
    rows are kept. The patients' rows and conflicts become what they would be without these extractions.
    """
    with WebAutoDash() as webautodash:
        done = webautodash.set_aside_patients.review_stored(provider, by=by, why=why, dry_run=dry_run, undo=undo)
    if as_json:
        show_json(done)
    else:
        for one in done.providers:
            verb = f"{'would be ' if dry_run else ''}{'restored' if undo else 'set aside'}"
            print_line(f"{one.provider}: {counted(one.extractions, 'extraction')} {verb}")
            if one.extractions:
                show_consequences(one)
    exit_with_problems(explain_unreadable(problem) for problem in done.problems)


def _report(provider: str, outcomes: tuple[RetryOutcome, ...], *, as_json: bool) -> None:
    """Print each outcome, problems on stderr; exit with status 1 if there was one."""
    for each in outcomes:
        patient = f"set-aside patient {each.set_aside_id} of {provider}"
        if not each.taken_in:
            print_notice(f"{patient} is still set aside: {each.reason}; {set_aside_advice(each.kind)}")
        elif not as_json:
            print_line(f"{patient} is stored: {each.outcome}")
    if not all(each.taken_in for each in outcomes):
        raise typer.Exit(PROBLEMS)


def _show_patient(found: SetAsideDetail) -> None:
    one = found.entry
    show_fields(
        {
            "set aside": f"{one.id} of {one.provider}",
            "file": one.path,
            "position": one.position,
            "PRN": one.prn,
            "reason": one.reason,
            "where": one.detail,
            "since": one.created_at,
            "taken in": one.taken_in_at,
            "decided by": one.decided_by,
            "why": one.decided_why,
        }
    )
    if not found.raw_json:
        print_line("the patient is stored; `webautodash log prune` deleted the JSON")
    for line in found.raw_json.splitlines():
        print_line(line)


@without_context
def _read(name: str) -> str:
    try:
        if name == "-":
            content = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise UsageError("--with: larger than 64 MB; give one patient's JSON")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"--with {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--with {name}: not UTF-8") from None
