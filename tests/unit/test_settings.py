"""Settings that are divided or refused."""

from __future__ import annotations

import pytest

from webautodash.config import Settings
from webautodash.errors import ConfigurationError


@pytest.mark.parametrize(("most", "processes", "share"), [(16, 1, 16), (16, 3, 5), (16, 8, 2), (7, 3, 2)])
def test_processes_share_the_connections(most: int, processes: int, share: int) -> None:
    shared = Settings.load(max_connections=most, _env_file=None).shared_by(processes)
    assert shared.max_connections == share
    assert share * processes <= most


def test_too_few_connections_for_the_workers_are_refused_with_the_settings_name() -> None:
    with pytest.raises(ConfigurationError, match=r"WEBAUTODASH_MAX_CONNECTIONS: 16 connections .* 9 processes"):
        Settings.load(max_connections=16, _env_file=None).shared_by(9)


def test_one_connection_is_too_few_for_anybody() -> None:
    with pytest.raises(ConfigurationError, match="WEBAUTODASH_MAX_CONNECTIONS"):
        Settings.load(max_connections=1, _env_file=None)
