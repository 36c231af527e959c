"""``webautodash set-aside``: patients that could not be taken in."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from webautodash.cli.exit_status import PROBLEMS, end_with
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
from webautodash.cli.terminal.corrections import say_corrected
from webautodash.cli.terminal.listing import show_listing
from webautodash.cli.terminal.output import complain, say, show_fields, show_json
from webautodash.config import Settings
from webautodash.domain.set_aside_reasons import ACCEPTED_WITH
from webautodash.domain.wording import counted
from webautodash.errors import UsageError, without_context
from webautodash.services.registry import providers
from webautodash.services.review import set_aside, stored_failures
from webautodash.services.review.retry_patients import RetryOutcome, accept_set_aside, retry_set_aside
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Patients that could not be taken in.")

CorrectedOption = Annotated[
    str | None,
    typer.Option("--with", metavar="FILE", help="The patient's JSON, corrected; - for standard input."),
]
_TOO_LARGE = 64 << 20
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


@app.command("list")
def list_(
    provider: AnyProviderArgument = None,
    reasons: Annotated[
        list[str] | None,
        typer.Option("--reason", metavar="REASON", help="Only of this reason, such as emptied. Repeatable."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that were taken in later, too.")] = False,
    limit: LimitOption = 50,
    after: AfterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Who waits, out of which file, and why."""
    with Store.open(Settings.load()) as store:
        taken_in = None if everything else False
        found = set_aside.search(store, provider, reasons=reasons or (), taken_in=taken_in, limit=limit, after=after)
    nothing = "nobody was ever set aside" if everything else "nobody is set aside"
    nothing += f" for {' or '.join(reasons)}" if reasons else ""
    show_listing(found, _COLUMNS, nothing, as_json=as_json)


@app.command()
def show(provider: ProviderArgument, set_aside_id: NumberArgument, as_json: JsonOption = False) -> None:
    """One of them, with the JSON as it stood in the file."""
    with Store.open(Settings.load()) as store:
        found = set_aside.show(store, provider, set_aside_id)
    if as_json:
        show_json(found)
        return
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
        say("the patient is stored; its JSON was deleted since (webautodash log prune)")
    for line in found.raw_json.splitlines():
        say(line)


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
    """Take a patient in after all, as it came or corrected; the file's numbers follow.

    Patients that wait for a person's decision are left alone: see accept.
    """
    text = None if corrected is None else _read(corrected)
    with Store.open(Settings.load()) as store:
        owner = providers.resolve(store, provider)
        outcome = retry_set_aside(store, owner, set_aside_id, text)
    if as_json:
        show_json(outcome)
    elif outcome.taken_in:
        say(f"set-aside patient {set_aside_id} of {owner.slug} is taken in: {outcome.outcome}")
    if not outcome.taken_in:
        complain(f"set-aside patient {set_aside_id} of {owner.slug} still waits: {outcome.reason}; {_advice(outcome)}")
        raise typer.Exit(PROBLEMS)


@app.command(
    epilog="Example: webautodash set-aside list gary_wang --reason emptied; "
    'webautodash set-aside accept gary_wang 3 4 --by "Dr. Wang" --why "seen in the portal: no medications any more"'
)
def accept(
    provider: ProviderArgument,
    set_aside_ids: Annotated[list[int], typer.Argument(metavar="ID...", help="Numbers in the list.")],
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who decides.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why it is true.")],
    corrected: CorrectedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that what the file says of these patients is true: they are stored although they were set aside.

    For incomplete_extraction, emptied and other_person. Who decided, when and why is kept with each.
    """
    text = None if corrected is None else _read(corrected)
    with Store.open(Settings.load()) as store:
        owner = providers.resolve(store, provider)
        outcomes = accept_set_aside(store, owner, set_aside_ids, by=by, why=why, corrected=text)
    if as_json:
        show_json(outcomes)
    for each in outcomes:
        what = f"set-aside patient {each.set_aside_id} of {owner.slug}"
        if not each.taken_in:
            complain(f"{what} still waits: {each.reason}; {_advice(each)}")
        elif not as_json:
            say(f"{what} is taken in: {each.outcome}")
    if not all(each.taken_in for each in outcomes):
        raise typer.Exit(PROBLEMS)


def _advice(outcome: RetryOutcome) -> str:
    if outcome.kind in ACCEPTED_WITH:
        return "if it is true: webautodash set-aside accept"
    return "correct it: --with"


@app.command(
    "review-stored", epilog="Example: webautodash set-aside review-stored gary_wang --by Ann --why 'timed out'"
)
def review_stored(
    by: ByOption,
    why: WhyOption,
    provider: AnyProviderArgument = None,
    dry_run: DryRunOption = False,
    undo: Annotated[bool, typer.Option("--undo", help="Put back what earlier reviews set aside.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Set aside extractions that were stored as data although they say that they failed.

    `webautodash verify` names them. Duplicates of them without items are set aside too if there were items before.
    Their rows are kept. The patients' rows and conflicts become what they would be without them.
    """
    with Store.open(Settings.load()) as store:
        done = stored_failures.review_stored(store, provider, by=by, why=why, dry_run=dry_run, undo=undo)
    if as_json:
        show_json(done)
    else:
        for one in done.providers:
            what = "put back" if undo else "set aside"
            say(f"{one.provider}: {counted(one.extractions, 'extraction')} {'would be ' if dry_run else ''}{what}")
            if one.extractions:
                say_corrected(one)
    end_with(problem.problem for problem in done.problems)


@without_context
def _read(name: str) -> str:
    try:
        if name == "-":
            content = sys.stdin.buffer.read(_TOO_LARGE + 1)
        else:
            with Path(name).open("rb") as file:
                content = file.read(_TOO_LARGE + 1)
        if len(content) > _TOO_LARGE:
            raise UsageError("--with: larger than 64 MB; one patient's JSON is wanted")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"--with {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--with {name}: not UTF-8") from None
