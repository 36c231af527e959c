"""``webautodash verify``."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from webautodash.cli.exit_status import end_with
from webautodash.cli.options import JsonOption, OnlyProviderOption
from webautodash.cli.terminal.divergences import show_divergences
from webautodash.cli.terminal.output import say, show_json, show_table
from webautodash.cli.terminal.progress_bar import moving_line
from webautodash.cli.terminal.verbosity import Verbosity
from webautodash.config import Settings
from webautodash.domain.wording import counted
from webautodash.services import verify as verification
from webautodash.services.ingest.progress import unheard
from webautodash.services.store import Store
from webautodash.services.verify import ProviderVerification, Verification
from webautodash.services.verify.verify_providers import OnExtractions

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def verify(ctx: typer.Context, provider: OnlyProviderOption = None, as_json: JsonOption = False) -> None:
    """Are the rows what they were? Each that is not is named by table and id, never by a value.

    Each row is compared with the check that was kept when it was written. Each extraction's checksum is computed anew
    from its rows, a repetition's from the rows that it repeats; what was read out of a text is read anew. Compared are
    also: patients with the extraction that their values come from, PRNs with the patient's, sessions' counts with the
    rows, references with what they lead to, and the structure of SQLite files. README says what none of this can see.
    Also named are files, reviews and aliases that only one of provider's and system database has, as after one of them
    was put back from an older backup. Reads only; the exit status is 1 where anything is wrong.
    """
    with Store.open(Settings.load()) as store, _heard(ctx.obj) as on_extractions:
        found = verification.verify(store, provider, on_extractions)
    if as_json:
        show_json(found)
    else:
        _show(found, quiet=ctx.obj.quiet)
    end_with(
        [f"{one.slug}: {_counted(one)}" for one in found.providers if one.differences]
        + [f"{one.slug}: {one.divergence.summary}" for one in found.providers if one.divergence]
        + [f"{one.slug}: {one.problem}" for one in found.problems]
    )


def _show(found: Verification, *, quiet: bool) -> None:
    rows = [(one.slug, each.table, each.id, each.wrong, each.message) for one in found.providers for each in one.wrong]
    if rows:
        show_table(["provider", "table", "id", "wrong", "what"], rows)
    show_divergences([one.divergence for one in found.providers if one.divergence])
    for one in found.providers:
        if not one.differences and not quiet:
            numbers = f"{counted(one.extractions, 'extraction')}, {counted(one.rows, 'row')}"
            say(f"{one.slug}: {numbers}, all as they were stored")
        if one.unchecked and not quiet:
            since = f"{counted(one.unchecked, 'extraction')} written before rows had a check"
            say(f"{one.slug}: {since}: of these the clinical checksum was compared")
    if not found.providers and not found.problems:
        say("no provider is registered yet")


def _counted(one: ProviderVerification) -> str:
    named = "" if len(one.wrong) == one.differences else f", of which {len(one.wrong):,} are named"
    return f"{counted(one.differences, 'difference')}{named}"


@contextmanager
def _heard(said: Verbosity) -> Iterator[OnExtractions]:
    if not said.shows_progress:
        yield unheard
        return
    with moving_line("looking for extractions", times_a_second=2) as move:
        yield lambda slug, done, of: move(f"{slug}: {done:,} of {of:,} extractions", done, of)
