"""What the account of each database should be allowed."""

from collections.abc import Sequence
from dataclasses import dataclass

from webautodash.config import Settings
from webautodash.database.products import AccountRights
from webautodash.domain.naming import account_name, migrations_account_name
from webautodash.models.base import ProviderBase, SystemBase, append_only_tables, changeable_tables
from webautodash.repositories.providers import RegisteredProvider


@dataclass(frozen=True, slots=True)
class WantedAccount:
    """An account, and how a person asks for it."""

    rights: AccountRights
    asked_by: str
    """The argument of `webautodash provider grant`: the provider's slug, or an option."""
    provider: str | None = None


def provider_account(provider: RegisteredProvider) -> WantedAccount:
    """The account of a provider's database."""
    return WantedAccount(_of_database(provider.database_name, ProviderBase), provider.slug, provider.slug)


def system_account(settings: Settings) -> WantedAccount:
    """The account of the system database."""
    return WantedAccount(_of_database(settings.system_database_name, SystemBase), "--system")


def _of_database(name: str, base: type[ProviderBase] | type[SystemBase]) -> AccountRights:
    return AccountRights(
        account_name(name),
        (name,),
        changeable_tables=changeable_tables(base),
        append_only_tables=append_only_tables(base),
    )


def migrations_account(settings: Settings, providers: Sequence[RegisteredProvider]) -> WantedAccount:
    """The account that creates and migrates all databases with the prefix, and those that have other names."""
    prefix = settings.database_prefix
    registered = (settings.system_database_name, *(provider.database_name for provider in providers))
    others = tuple(name for name in registered if not name.startswith(prefix))
    rights = AccountRights(migrations_account_name(prefix), (f"{prefix}%", *others), changes_schema=True)
    return WantedAccount(rights, "--migrations")


def database_accounts(settings: Settings, providers: Sequence[RegisteredProvider]) -> list[WantedAccount]:
    """The accounts of the system database and of each provider's."""
    return [system_account(settings), *map(provider_account, providers)]
