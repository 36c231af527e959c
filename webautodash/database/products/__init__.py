"""Database products. A product is named in its own folder and nowhere else.

The modules beside the folders are the same for all products: column types, expressions, batch inserts, and the
protocols ``Product`` and ``ProductServer`` that a folder implements.
"""

from webautodash.database.products.accounts import AccountRights, HeldRights, OwnAccount, Probe, ServerAccounts
from webautodash.database.products.product_server import (
    TRIES,
    Failure,
    ProductServer,
    RightsReport,
    ServerProblem,
    ServerStatus,
    Trouble,
)
from webautodash.database.products.registry import product_of, server_for

__all__ = [
    "TRIES",
    "AccountRights",
    "Failure",
    "HeldRights",
    "OwnAccount",
    "Probe",
    "ProductServer",
    "RightsReport",
    "ServerAccounts",
    "ServerProblem",
    "ServerStatus",
    "Trouble",
    "product_of",
    "server_for",
]
