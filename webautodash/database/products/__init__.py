"""Database products. A product is named in its own folder and nowhere else.

The modules beside the folders are the same for all products: column types, expressions, batch inserts, and the
protocols ``Product`` and ``ProductServer`` that a folder implements.
"""

from webautodash.database.products.accounts import (
    AccountRights as AccountRights,
    HeldRights as HeldRights,
    OwnAccount as OwnAccount,
    Probe as Probe,
    ServerAccounts as ServerAccounts,
)
from webautodash.database.products.product_server import (
    TRIES as TRIES,
    Failure as Failure,
    ProductServer as ProductServer,
    RightsReport as RightsReport,
    ServerProblem as ServerProblem,
    ServerStatus as ServerStatus,
    Trouble as Trouble,
)
from webautodash.database.products.registry import product_of as product_of, server_for as server_for
