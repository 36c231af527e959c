"""Runs all checks; a check that fails stops no other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from webautodash.config import Settings
from webautodash.errors import ConfigurationError, DatabaseUnreachable, NoAnswer, WebAutoDashError, where_from
from webautodash.services.doctor import backups, configuration, databases, folders, isolation, processes, server
from webautodash.services.doctor.findings import DoctorReport, Finding, error, of_error
from webautodash.services.doctor.server import rights
from webautodash.services.fleet import RevisionStatus
from webautodash.services.store import Store

_DATABASES = "databases folder"
_OF_THIS_MACHINE = (configuration.unknown_settings, configuration.secrets, folders.results, folders.temporary)
_OF_THE_SERVER = (server.version, server.tls, server.clock, server.durability, server.server_settings)


def examine_isolation(settings: Settings, logs: Sequence[Path] = ()) -> DoctorReport:
    """Check on the live server that no provider's account reaches another's rows, and that no PRN is misplaced.

    ``logs`` are files to search for PRNs, besides the system database. Changes nothing.
    """
    return _examined(settings, [], lambda store: _of_isolation(store, logs))


def _of_isolation(store: Store, logs: Sequence[Path]) -> Iterator[Finding]:
    if store.settings.accounts is not None:
        yield from (
            one for one in _checked("secrets", partial(configuration.secrets, store.settings)) if one.is_problem
        )
    if not store.server.exists(store.system.name):
        yield databases.no_system_database(store)
        return
    system = databases.system_revision(store)
    if system.state is not RevisionStatus.CURRENT:
        yield from _checked("system database", partial(databases.system_database, store, system))
        return
    yield from _checked("accounts", partial(isolation.accounts, store))
    yield from _checked("identities", partial(isolation.identities, store))
    yield from _checked("misplaced PRNs", partial(isolation.misplaced_prns, store, logs))


def examine(settings: Settings) -> DoctorReport:
    """Run all checks and change nothing. If the server is unreachable, the checks of this machine are run."""
    findings: list[Finding] = []
    for check in _OF_THIS_MACHINE:
        findings += _checked(check.__name__, partial(check, settings))
    return _examined(settings, findings, _of_server)


def _examined(
    settings: Settings, findings: list[Finding], checks: Callable[[Store], Iterable[Finding]]
) -> DoctorReport:
    try:
        # Opening the store reads the folder of database files, and so does everything afterwards.
        with folders.within_time(settings, _DATABASES, lambda: Store(settings)) as store:
            files = partial(_checked, _DATABASES, partial(folders.of_databases, store.server.folder))
            findings += folders.within_time(settings, _DATABASES, files)
            for found in checks(store):
                findings.append(found)
    except NoAnswer as silence:
        findings.append(folders.no_answer(silence))
    except ConfigurationError as wrong:
        findings.append(configuration.invalid(wrong))
    except DatabaseUnreachable as out:
        findings.append(error("server.unreachable", out.where, f"no connection (error {out.code})", out.advice))
    except WebAutoDashError as refused:
        findings.append(of_error("check.failed", "server", refused))
    return DoctorReport(tuple(findings))


def _of_server(store: Store) -> Iterator[Finding]:
    settings = store.settings
    status = store.server.status()
    for check in _OF_THE_SERVER:
        yield from _checked(check.__name__, partial(check, status, settings))
    exists = store.server.exists(store.system.name)
    names = databases.database_names(store) if exists else [store.system.name]
    if settings.accounts is None:
        yield from _checked("rights", partial(rights, store.server, settings, names))
    elif exists:
        yield from _checked("accounts", partial(isolation.rights_of_accounts, store))
    if exists:
        yield from _of_store(store)
    else:
        yield databases.no_system_database(store)


def _of_store(store: Store) -> Iterator[Finding]:
    system = databases.system_revision(store)
    yield from _checked("system database", partial(databases.system_database, store, system))
    if system.revision is not None:
        yield from _checked("provider databases", partial(databases.provider_databases, store))
    if system.state is RevisionStatus.CURRENT:
        yield from _checked("backups", partial(backups.backups, store))
        yield from _checked("leases", partial(processes.leases, store))
        yield from _checked("monitors", partial(processes.monitors, store))
        yield from _checked("clocks", partial(processes.clocks, store))


def _checked(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings of a check; if it fails, the failure is the last of them."""
    found: list[Finding] = []
    subject = name.replace("_", " ")
    try:
        for one in check():
            found.append(one)
    except DatabaseUnreachable:
        raise
    except WebAutoDashError as refused:
        found.append(of_error("check.failed", subject, refused))
    except Exception as unexpected:  # a faulty machine may raise anything
        found.append(error("check.failed", subject, where_from(unexpected)))
    return found
