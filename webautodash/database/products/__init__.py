"""Database products. A product is named in its own folder and nowhere else.

The modules beside the folders are the same for all products: column types, expressions, batch inserts, and the
protocols ``Product`` and ``Dialect`` that a folder implements.
"""

from webautodash.database.products.accounts import AccountRights, HeldRights, OwnAccount, Probe, ServerAccounts
from webautodash.database.products.dialect import TRIES, Dialect, Failure, Trouble
from webautodash.database.products.registry import dialect_for, product_of
from webautodash.database.products.server_status import RightsReport, ServerProblem, ServerStatus

__all__ = [
    "TRIES",
    "AccountRights",
    "Dialect",
    "Failure",
    "HeldRights",
    "OwnAccount",
    "Probe",
    "RightsReport",
    "ServerAccounts",
    "ServerProblem",
    "ServerStatus",
    "Trouble",
    "dialect_for",
    "product_of",
]
