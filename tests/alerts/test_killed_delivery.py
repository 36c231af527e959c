"""kill -9 at any moment of a delivery: every alert arrives, and its key identifies a repeat."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from alert_causes import a_cause, hooked, later, raised
from alert_receivers import Webhook
from builders import Clinic, NewClinic
from jobs import deliver
from processes import Steps, kill_at, moments

pytestmark = pytest.mark.ci
EMBEDDED_AND_SERVER = pytest.mark.parametrize("backend", ["sqlite", "mariadb"], indirect=True)
ALERTS = 5


@EMBEDDED_AND_SERVER
def test_the_next_delivery_sends_what_a_killed_one_left(
    a_clinic: NewClinic, webhook: Webhook, tmp_path: Path, steps: Steps
) -> None:
    clinic = a_clinic(**hooked(webhook) | {"alert_log_on": None})
    _raise(clinic, 0)
    whole = moments(deliver, clinic.settings, folder=tmp_path)
    assert len(webhook.requests) == 1
    assert len(whole) > 20
    repeats = 0
    chosen = steps(range(len(whole)))
    for number in chosen:
        webhook.requests.clear()
        _raise(clinic, number + 1)
        assert kill_at(number, deliver, clinic.settings, folder=tmp_path), whole[number]
        _deliver_all(clinic)
        at = f"killed at {number}, before {whole[number]}"
        keys = _keys(webhook.requests)
        assert len(keys) == ALERTS, at
        assert {len(each) for each in keys.values()} == {1}, at
        assert len({request.key for request in webhook.requests}) == 1, at
        repeats += len(webhook.requests) - 1
        assert {row["state"] for row in clinic.system_rows("alert_digests")} == {"delivered"}, at
    assert repeats > 0 or len(chosen) == 1
    # The log is a channel like any other.
    logged = [row for row in clinic.system_rows("system_logs") if row["component"] == "alerts"]
    assert len(logged) >= len(chosen) + 1


def _deliver_all(clinic: Clinic) -> None:
    # On a machine that pauses long enough, one attempt loses its lease or the answer of its webhook.
    for _ in range(5):
        later(clinic)
        deliver(clinic.settings)
        if {row["state"] for row in clinic.system_rows("alert_digests")} == {"delivered"}:
            return


def _raise(clinic: Clinic, turn: int) -> None:
    raised(clinic, *(a_cause(f"{turn}-{n}") for n in range(ALERTS)))


def _keys(requests: list[Any]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for request in requests:
        for alert in request.json["alerts"]:
            found[alert["id"]].add(request.key)
    return found
