"""The rights of the connecting account: what it lacks for its work, and what nobody needs."""

from collections.abc import Sequence

from webautodash.config import Settings
from webautodash.database import Server
from webautodash.services.doctor.findings import Finding, of_server, or_fine


def rights(server: Server, settings: Settings, databases: Sequence[str]) -> list[Finding]:
    """The rights in these databases, and in those of new providers. Empty if the product has no accounts."""
    report = server.rights_report(settings.database_prefix, databases)
    if report is None:
        return []
    message = f"all that is needed on {report.needed}, no more"
    return or_fine(of_server(report.problems), "rights", report.account, message)
