"""Data layer beneath portal robots: one database per provider, every file once, every difference reviewed."""

import logging
from typing import TYPE_CHECKING

from webautodash.version import __version__

if TYPE_CHECKING:
    from webautodash.client import WebAutoDash
    from webautodash.config import Settings
    from webautodash.domain.json_document import to_json
    from webautodash.errors import WebAutoDashError

__all__ = ["Settings", "WebAutoDash", "WebAutoDashError", "__version__", "to_json"]

# A library stays silent until its user asks.
logging.getLogger(__name__).addHandler(logging.NullHandler())

_HOMES = {
    "WebAutoDash": "webautodash.client",
    "Settings": "webautodash.config",
    "WebAutoDashError": "webautodash.errors",
    "to_json": "webautodash.domain.json_document",
}


def __getattr__(name: str) -> object:
    """Import the public names when they are first used: `webautodash --help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
