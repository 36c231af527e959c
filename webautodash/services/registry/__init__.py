"""The registry: providers with their names, databases and accounts, and the Results folders of the store."""

from webautodash.services.registry.accounts import (
    AccountState,
    GrantedAccount,
    GrantRequest,
    OnGranted,
    WantedAccount,
    database_accounts,
    grant,
    migrations_account,
)
from webautodash.services.registry.file_owner import owner_of_file
from webautodash.services.registry.provider_names import add_alias, name_taken, resolve_provider
from webautodash.services.registry.registration import Registration, register
from webautodash.services.registry.roots import (
    Root,
    add_root,
    list_roots,
    move_root,
    own_root,
    remove_root,
    root_of_paths,
)

__all__ = [
    "AccountState",
    "GrantRequest",
    "GrantedAccount",
    "OnGranted",
    "Registration",
    "Root",
    "WantedAccount",
    "add_alias",
    "add_root",
    "database_accounts",
    "grant",
    "list_roots",
    "migrations_account",
    "move_root",
    "name_taken",
    "own_root",
    "owner_of_file",
    "register",
    "remove_root",
    "resolve_provider",
    "root_of_paths",
]
