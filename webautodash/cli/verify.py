"""``webautodash verify``."""

from typing import TYPE_CHECKING

import typer

from webautodash.cli.advice import explain_unreadable, verify_advice
from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import JsonOption, OnlyProviderOption
from webautodash.cli.terminal.output import print_line, show_json
from webautodash.cli.terminal.progress_bar import progress_line
from webautodash.cli.terminal.results import show_divergences
from webautodash.cli.terminal.tables import show_table
from webautodash.client import WebAutoDash
from webautodash.domain.wording import counted

if TYPE_CHECKING:
    from webautodash.client.reports import ProviderVerification, Verification

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: webautodash verify --provider gary_wang")
def verify(ctx: typer.Context, provider: OnlyProviderOption = None, as_json: JsonOption = False) -> None:
    """Check that stored rows are unchanged; report each wrong row by table and id.

    Compares each row with the check that was stored with it, recomputes the checksum of each extraction from its rows
    (of a duplicate from the rows that it repeats), and parses stored texts again. Also compares patients with the
    extraction that their values come from, PRNs, the counts of sessions, references between rows, and the structure of
    database files. The manual lists what this cannot detect.

    Also reports files, reviews and aliases that only the provider's or only the system database has, for example after
    one of them was restored from an older backup. Changes nothing. The exit status is 1 if anything is wrong.
    """
    with WebAutoDash() as webautodash, progress_line(ctx.obj, "searching for extractions", 2) as update:
        found = webautodash.verify(
            provider, on_extractions=lambda slug, done, of: update(f"{slug}: {done:,} of {of:,} extractions", done, of)
        )
    if as_json:
        show_json(found)
    else:
        _show(found, quiet=ctx.obj.quiet)
    exit_with_problems(
        [f"{one.slug}: {_differences(one)}" for one in found.providers if one.differences]
        + [f"{one.slug}: {one.divergence.summary}" for one in found.providers if one.divergence]
        + [f"{one.slug}: {explain_unreadable(one)}" for one in found.problems]
    )


def _show(found: "Verification", *, quiet: bool) -> None:
    rows = [(one.slug, each.table, each.id, each.wrong, each.message) for one in found.providers for each in one.wrong]
    if rows:
        show_table(["provider", "table", "id", "wrong", "what"], rows)
        for advice in verify_advice({each.wrong for one in found.providers for each in one.wrong}):
            print_line(advice)
    show_divergences([one.divergence for one in found.providers if one.divergence])
    for one in found.providers:
        if not one.differences and not quiet:
            numbers = f"{counted(one.extractions, 'extraction')}, {counted(one.rows, 'row')}"
            print_line(f"{one.slug}: {numbers}, all unchanged")
        if one.unchecked and not quiet:
            without = f"{counted(one.unchecked, 'extraction')} from before rows had a check"
            print_line(f"{one.slug}: {without}: only the clinical checksum was compared")
    if not found.providers and not found.problems:
        print_line("no provider is registered yet")


def _differences(one: "ProviderVerification") -> str:
    listed = "" if len(one.wrong) == one.differences else f", of which {len(one.wrong):,} are listed"
    return f"{counted(one.differences, 'difference')}{listed}"
