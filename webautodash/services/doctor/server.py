"""The server: its version, the connection to it, its clock, and its settings."""

from collections.abc import Iterator, Sequence

from webautodash.config import ENV_PREFIX, Settings, Tls
from webautodash.database import Server
from webautodash.database.products import ServerStatus
from webautodash.services.doctor.findings import Finding, error, fine, of_server, or_fine, warning

_SKEW_SECONDS, _WRONG_SECONDS = 5, 60


def version(status: ServerStatus, settings: Settings) -> Iterator[Finding]:
    """The product and its version."""
    del settings
    subject = f"{status.product} {status.version}"
    if status.too_old:
        message = f"is too old: the program needs {status.product} {status.oldest} or newer"
        yield error("server.old", subject, message)
        return
    account = f" as {status.account}" if status.account else ""
    yield fine("server.version", subject, f"reached{account}")


def tls(status: ServerStatus, settings: Settings) -> Iterator[Finding]:
    """Whether the connection is encrypted."""
    if not status.network:
        yield fine("tls.cipher", "connection", "stays on this machine")
    elif status.cipher:
        yield fine("tls.cipher", "connection", f"encrypted with {status.cipher}, the server's certificate verified")
    elif settings.tls is Tls.OFF:
        message = "patients' data go over the network in plain text"
        yield warning("tls.off", f"{ENV_PREFIX}TLS=off", message)
    else:
        yield error("tls.none", "connection", "is not encrypted, though it should be")


def clock(status: ServerStatus, settings: Settings) -> Iterator[Finding]:
    """Whether the server's clock and this machine's agree: leases and rows use times of both."""
    del settings
    off = abs(status.seconds_ahead)
    if off <= _SKEW_SECONDS:
        yield fine("clock.skew", "clock", "the server's and this machine's agree")
        return
    message = f"the server's is {off:,.0f} s {'ahead of' if status.seconds_ahead > 0 else 'behind'} this machine's"
    found = error if off > _WRONG_SECONDS else warning
    yield found("clock.skew", "clock", message)


def durability(status: ServerStatus, settings: Settings) -> list[Finding]:
    """Settings with which a crash loses committed data, or damages other data."""
    del settings
    return or_fine(of_server(status.durability), "durability", "commits", "committed data survive a crash")


def server_settings(status: ServerStatus, settings: Settings) -> list[Finding]:
    """Other settings of the server that cause problems."""
    del settings
    return of_server(status.settings)


def rights(server: Server, settings: Settings, databases: Sequence[str]) -> list[Finding]:
    """The rights in these databases, and in those of new providers. Empty if the product has no accounts."""
    report = server.rights_report(settings.database_prefix, databases)
    if report is None:
        return []
    message = f"all that is needed on {report.needed}, no more"
    return or_fine(of_server(report.problems), "rights", report.account, message)
