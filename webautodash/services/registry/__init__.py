"""The registry: providers with their names, databases and accounts, and the Results folders of the store."""

from webautodash.services.registry.accounts import (
    AccountState as AccountState,
    GrantedAccount as GrantedAccount,
    GrantRequest as GrantRequest,
    OnGranted as OnGranted,
    WantedAccount as WantedAccount,
    database_accounts as database_accounts,
    grant as grant,
    migrations_account as migrations_account,
)
from webautodash.services.registry.file_owner import owner_of_file as owner_of_file
from webautodash.services.registry.provider_names import (
    add_alias as add_alias,
    name_taken as name_taken,
    resolve_provider as resolve_provider,
)
from webautodash.services.registry.registration import Registration as Registration, register as register
from webautodash.services.registry.roots import (
    add_root as add_root,
    list_roots as list_roots,
    move_root as move_root,
    own_root as own_root,
    remove_root as remove_root,
    root_of_paths as root_of_paths,
)
