"""``webautodash alert``: alerts and their delivery."""

from collections.abc import Sequence
from typing import Annotated

import typer

from webautodash.cli.advice import digest_advice
from webautodash.cli.exit_status import exit_with_problems
from webautodash.cli.options import JsonOption, LimitOption
from webautodash.cli.terminal.log_output import print_notice
from webautodash.cli.terminal.output import print_line, show, show_json
from webautodash.cli.terminal.results import show_found
from webautodash.client import WebAutoDash
from webautodash.client.alerts import ChannelTrial, DeliveryReport
from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.wording import counted

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLUMNS = {
    "id": "alert.id",
    "raised": "alert.created_at",
    "kind": "alert.kind",
    "severity": "alert.severity",
    "provider": "alert.provider",
    "message": "alert.message",
    "channel": "channel",
    "state": "state",
    "digest": "digest_id",
    "tries": "attempts",
    "error": "last_error",
}


@app.command("test", epilog="Example: webautodash alert test --channel mail")
def send_test(
    channel: Annotated[AlertChannel | None, typer.Option("--channel", help="Only this channel.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message through each configured channel."""
    with WebAutoDash() as webautodash:
        trials = webautodash.alerts.test(channel)
    show(trials, _show_trials, as_json=as_json)
    exit_with_problems(f"{each.channel}: {each.problem}" for each in trials if not each.sent)


@app.command("list", epilog="Example: webautodash alert list --state failed")
def list_(
    state: Annotated[DigestState | None, typer.Option("--state", help="Only this state.")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List the latest alerts, newest first, once for each channel."""
    with WebAutoDash() as webautodash:
        found = webautodash.alerts.search(state=state, limit=limit)
    show_found(found, _COLUMNS, "no alerts", as_json=as_json)


@app.command(epilog="For cron, without a monitor: webautodash ingest; webautodash alert send")
def send(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Send pending alerts, as a monitor does by itself.

    Also checks for silent monitors, overdue providers and databases behind.
    """
    with WebAutoDash() as webautodash:
        report = webautodash.alerts.send()
    if as_json:
        show_json(report)
    elif not ctx.obj.quiet:
        _show_report(report)
    exit_with_problems(
        f"{one.channel}: digest {one.digest_id} with {counted(one.alerts, 'alert')} not delivered ({one.problem}); "
        f"{digest_advice(one.state)}"
        for one in report.problems
    )


@app.command(epilog="Example: webautodash alert retry 7")
def retry(
    digest_id: Annotated[
        int | None,
        typer.Argument(metavar="DIGEST", help="Number of the digest; by default all failed ones.", show_default=False),
    ] = None,
) -> None:
    """Schedule failed digests again.

    The next `alert send` or the monitor sends them.
    """
    with WebAutoDash() as webautodash:
        number = webautodash.alerts.retry(digest_id)
    print_line(f"{counted(number, 'digest')} will be sent again")


@app.command(epilog="Example: webautodash alert forget 7")
def forget(
    digest_ids: Annotated[
        list[int], typer.Argument(metavar="DIGEST", help="Numbers of the digests.", show_default=False)
    ],
) -> None:
    """Give up failed digests.

    They are not sent and no longer count as failed.
    """
    with WebAutoDash() as webautodash:
        number = webautodash.alerts.forget(digest_ids)
    print_line(f"{counted(number, 'digest')} forgotten")


def _show_trials(trials: Sequence[ChannelTrial]) -> None:
    for each in trials:
        if each.sent:
            print_line(f"{each.channel}: sent" + (f", but {each.problem}" if each.problem else ""))


def _show_report(report: DeliveryReport) -> None:
    for result in report.results:
        if result.state is DigestState.DELIVERED:
            alerts = counted(result.alerts, "alert")
            suffix = f", but {result.problem}" if result.problem else ""
            print_line(f"{result.channel}: digest {result.digest_id} with {alerts} delivered{suffix}")
    if not report.results and not report.busy:
        print_line("no alerts are due")
    for channel in report.busy:
        print_notice(f"{channel}: another process is sending")
