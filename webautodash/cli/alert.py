"""``webautodash alert``: what somebody is told of, and whether it arrived."""

from typing import Annotated

import typer

from webautodash.cli.exit_status import end_with
from webautodash.cli.options import JsonOption, LimitOption
from webautodash.cli.terminal.output import complain, say, show_json, show_table
from webautodash.config import Settings
from webautodash.domain.alerts import AlertChannel, DigestState
from webautodash.domain.wording import counted
from webautodash.services import alerts
from webautodash.services.alerts import system_alerts
from webautodash.services.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Alerts: test, list, send, retry, forget.")


@app.command("test")
def try_(
    channel: Annotated[AlertChannel | None, typer.Option("--channel", help="Only through this one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test message now through each configured channel, and say whether it went out."""
    with Store.open(Settings.load()) as store:
        trials = alerts.try_channels(store, channel)
    if as_json:
        show_json(trials)
    else:
        for each in trials:
            if each.sent:
                say(f"{each.channel}: sent" + (f", but {each.problem}" if each.problem else ""))
    end_with(f"{each.channel}: {each.problem}" for each in trials if not each.sent)


@app.command("list")
def list_(
    state: Annotated[DigestState | None, typer.Option("--state", help="Only of this state.")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """The latest alerts, once for each channel they go to, the newest first."""
    with Store.open(Settings.load()) as store:
        found = alerts.search(store, state=state, limit=limit)
    if as_json:
        show_json(found)
    elif not found:
        say("no alerts")
    else:
        show_table(
            ["id", "raised", "kind", "severity", "provider", "message", "channel", "state", "digest", "tries", "error"],
            [
                (
                    one.alert.id,
                    one.alert.created_at,
                    one.alert.kind,
                    one.alert.severity,
                    one.alert.provider,
                    one.alert.message,
                    one.channel,
                    one.state,
                    one.digest_id,
                    one.attempts,
                    one.last_error,
                )
                for one in found
            ],
        )


@app.command(epilog="For cron, where no monitor runs: webautodash ingest; webautodash alert send")
def send(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Look for silent monitors and databases behind, and deliver what is due now, as a monitor does by itself."""
    with Store.open(Settings.load()) as store:
        report = system_alerts.look_and_send(store)
    if as_json:
        show_json(report)
    elif not ctx.obj.quiet:
        for result in report.results:
            if result.state is DigestState.DELIVERED:
                told = counted(result.alerts, "alert")
                said = f", but {result.problem}" if result.problem else ""
                say(f"{result.channel}: digest {result.digest_id} with {told} delivered{said}")
        if not report.results and not report.busy:
            say("nothing is due")
        for channel in report.busy:
            complain(f"{channel}: another process is sending")
    end_with(
        f"{one.channel}: digest {one.digest_id} with {counted(one.alerts, 'alert')} not delivered ({one.problem}); "
        + ("given up, `webautodash alert retry`" if one.state is DigestState.FAILED else "tried again later")
        for one in report.problems
    )


@app.command()
def retry(
    digest_id: Annotated[
        int | None,
        typer.Argument(metavar="DIGEST", help="The digest's number in the list; without it all.", show_default=False),
    ] = None,
) -> None:
    """Have digests that were given up tried anew, at the next `alert send` or by the monitor."""
    with Store.open(Settings.load()) as store:
        number = alerts.retry(store, digest_id)
    say(f"{counted(number, 'digest')} {'is' if number == 1 else 'are'} tried anew")


@app.command()
def forget(
    digest_ids: Annotated[
        list[int], typer.Argument(metavar="DIGEST...", help="The digests' numbers in the list.", show_default=False)
    ],
) -> None:
    """Have digests that were given up no longer count as failed: somebody knows, and they are not to be sent."""
    with Store.open(Settings.load()) as store:
        number = alerts.forget(store, digest_ids)
    say(f"{counted(number, 'digest')} forgotten")
