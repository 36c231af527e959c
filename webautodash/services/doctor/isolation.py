"""Checks that the server itself separates providers: reads the rights of accounts, and tries forbidden access."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from webautodash.config import setting_key
from webautodash.database.products import OwnAccount, Probe
from webautodash.domain.prn_search import SHORTEST_PRN, PrnMatch, PrnSearch
from webautodash.domain.vocabulary import ProviderStatus
from webautodash.errors import AccountMissing, ConfigurationError, DatabaseUnreachable, WebAutoDashError
from webautodash.models import Patient, SystemLog
from webautodash.repositories.providers import RegisteredProvider
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.doctor import databases
from webautodash.services.doctor.findings import Finding, error, fine, info, of_error, or_fine, warning
from webautodash.services.doctor.logs import UnreadableLog, found_in
from webautodash.services.registry import WantedAccount, database_accounts, migrations_account
from webautodash.services.store import Store

_SHOWN = 20


def accounts(store: Store) -> Iterator[Finding]:
    """Whether each database has its own account, which reaches that database and no other."""
    if store.server.folder is not None:
        message = (
            "database files have no accounts: the owner of the folder reads every provider's; a server separates them"
        )
        yield info("isolation.files", str(store.server.folder), message)
        return
    if store.settings.accounts is None:
        message = "one account reaches every provider's database: only this program separates them, not the server"
        yield error("isolation.shared_account", store.server.where, message)
        return
    if store.settings.db_user is not None or store.settings.database_url is not None:
        message = "names an account for everything, which is only for granting accounts"
        name = setting_key("db_user" if store.settings.db_user is not None else "database_url")
        yield warning("isolation.administrator", name, message)
    yield from _each_account(store)


def rights_of_accounts(store: Store) -> Iterator[Finding]:
    """Whether each account exists and has exactly the rights that it needs. Tries no access."""
    wanted = database_accounts(store.settings, store.providers())
    found = (finding for each in wanted for finding in _by(store, each, partial(_rights, each)))
    message = f"{len(wanted)} accounts, each with the rows of one database"
    yield from or_fine(found, "rights", store.server.where, message)


def _each_account(store: Store) -> Iterator[Finding]:
    providers = store.providers()
    wanted = database_accounts(store.settings, providers)
    reached = {each.rights.databases[0]: Patient.__tablename__ for each in wanted}
    reached[store.system.name] = SystemLog.__tablename__
    good, refused = 0, list[Probe]()
    for each in wanted:
        found = _by(store, each, partial(_rights_and_probes, each, reached, refused))
        yield from found
        good += not found
    migrations = migrations_account(store.settings, providers)
    files = store.settings.accounts
    if files is not None and files.has(migrations.rights.account):
        found = _by(store, migrations, partial(_rights, migrations))
        yield from found
        if not found:
            message = (
                "may change the tables of every database: keep its password away from machines that only ingest files"
            )
            yield info("isolation.migrations", migrations.rights.account, message)
    if good == len(wanted):
        codes = ", ".join(dict.fromkeys(probe.expected for probe in refused))
        tries = f"{len(refused)} tries to reach another were refused" + (f" ({codes})" if codes else "")
        message = f"{good} accounts, each with the rows of one database; {tries}"
        yield fine("isolation.accounts", store.server.where, message)


def _by(store: Store, wanted: WantedAccount, check: Callable[[OwnAccount], Iterator[Finding]]) -> list[Finding]:
    """The findings of a check that uses an account, or why the account cannot be used."""
    name = wanted.rights.account
    try:
        with store.server.account(name) as own:
            return list(check(own))
    except AccountMissing:
        message = f"has no file in {setting_key('accounts_dir')}"
        return [error("isolation.account_missing", name, message, account=wanted.asked_by)]
    except ConfigurationError as wrong:  # its file is open to others, or cannot be read
        return [error("isolation.account_refused", name, str(wrong))]
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as refused:
        return [error("isolation.account_refused", name, str(refused), account=wanted.asked_by)]


def _rights_and_probes(
    wanted: WantedAccount, reached: Mapping[str, str], refused: list[Probe], own: OwnAccount
) -> Iterator[Finding]:
    """``refused`` collects the probes that the server refused."""
    yield from _rights(wanted, own)
    for database, table in reached.items():
        if database in wanted.rights.databases:
            continue
        for probe in own.probe(database, table):
            if probe.is_refused:
                refused.append(probe)
            else:
                answer = "was allowed" if probe.answer is None else f"was answered with error {probe.answer}"
                message = f"to {probe.action} {database} {answer}; it has to be refused with {probe.expected}"
                yield error("isolation.reaches", wanted.rights.account, message)


def _rights(wanted: WantedAccount, own: OwnAccount) -> Iterator[Finding]:
    """The rights that an account does not need, and those that it lacks."""
    name, held = wanted.rights.account, own.held(wanted.rights)
    for line in held.others:
        yield error("isolation.rights", name, f"may do more than it needs: {line}")
    for more in held.excess:
        revoke = None if more.is_revoked_by_grant else more.advice
        yield error("isolation.rights", name, f"may do more than it needs: {more}", revoke, account=wanted.asked_by)
    for missing in own.missing(wanted.rights):
        yield error("isolation.rights_missing", name, f"lacks {missing}", account=wanted.asked_by)


def identities(store: Store) -> Iterator[Finding]:
    """Whether the owner that each database records is its provider in the registry."""
    providers = [provider for provider in store.providers() if provider.status is not ProviderStatus.REGISTERING]
    correct = 0
    for provider in providers:
        try:
            found = list(databases.owner(store, provider))
        except DatabaseUnreachable:
            raise
        except WebAutoDashError as refused:
            found = [of_error("database.unreadable", provider.database_name, refused, provider=provider.name)]
        yield from found
        correct += not found
    if providers and correct == len(providers):
        yield fine("isolation.identity", "provider databases", f"all {correct} record their provider as owner")


def misplaced_prns(store: Store, logs: Sequence[Path]) -> Iterator[Finding]:
    """PRNs outside the provider databases: in the system database, and in log files."""
    search = PrnSearch()
    for provider in store.providers():
        yield from _collected(store, provider, search)
    searched = f"{len(search):,} PRNs"
    if search.too_short:
        searched += f" ({search.too_short:,} shorter than {SHORTEST_PRN} characters were not searched for)"
    yield from or_fine(
        _first(_in_system(store, search)),
        "isolation.system_database",
        store.system.name,
        f"contains none of {searched}",
    )
    if not logs:
        yield info("isolation.log", "log files", "no log file was searched")
    for log in logs:
        yield from or_fine(_first(_in_file(log, search)), "isolation.log", str(log), f"contains none of {searched}")


def _collected(store: Store, provider: RegisteredProvider, search: PrnSearch) -> Iterator[Finding]:
    try:
        with store.server.database(provider.database_name, ProviderWork).reading() as work:
            for prn in work.patients.prns():
                search.add(prn)
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as refused:
        message = f"its PRNs could not be read and were not searched for: {refused}"
        yield error("isolation.not_searched", provider.database_name, message)


def _in_system(store: Store, search: PrnSearch) -> Iterator[Finding]:
    with store.system.reading() as work:
        for one in work.texts.all():
            if (found := search.find(one.text)) is not None:
                yield _misplaced("isolation.system_database", f"{one.table} {one.row}", f"its {one.column}", found)


def _in_file(log: Path, search: PrnSearch) -> Iterator[Finding]:
    try:
        for number, found in found_in(log, search):
            yield _misplaced("isolation.log", f"{log} line {number}", "it", found)
    except UnreadableLog as refused:
        yield error("isolation.log", str(log), str(refused))


def _misplaced(code: str, subject: str, where: str, found: PrnMatch) -> Finding:
    if found is PrnMatch.PRN:
        return error(code, subject, f"{where} contains the PRN of a patient", match=found.name.lower())
    return warning(
        code, subject, f"{where} contains a number that is also the PRN of a patient", match=found.name.lower()
    )


def _first(found: Iterator[Finding]) -> Iterator[Finding]:
    """The first findings, and one about the rest: there may be a million."""
    for number, one in enumerate(found):
        if number == _SHOWN:
            yield warning(one.code, "and more", f"only the first {_SHOWN} are shown")
            return
        yield one
