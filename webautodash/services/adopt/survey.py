"""Surveys a database of the earlier scripts before it is adopted; nothing is changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import groupby
from operator import itemgetter

from webautodash.domain.dates import DateOrder
from webautodash.domain.extraction.patient.demographics import read_prn
from webautodash.domain.legacy.tables import legacy_name
from webautodash.domain.naming import letters_key
from webautodash.errors import NotAdoptable, UnreadablePatient, UsageError
from webautodash.repositories.legacy_checks import LegacyChecks
from webautodash.repositories.legacy_tables import LegacyShape
from webautodash.repositories.providers import ProviderIdentity
from webautodash.repositories.unit_of_work import ProviderWork
from webautodash.services.adopt.database_owner import (
    Owner,
    has_legacy_registry,
    name_in_legacy_registry,
    owner_of_database,
)
from webautodash.services.adopt.incomplete import count_incomplete
from webautodash.services.rebuild_registry import identity_of
from webautodash.services.store import Store

_MOST_FOLDERS = 10


@dataclass(frozen=True, slots=True)
class TableCount:
    """A table: its number of rows, how many of them the new table has, and the present name of the old table."""

    table: str
    before: int
    after: int | None
    kept_as: str


@dataclass(frozen=True, slots=True)
class AdoptionSurvey:
    """What an adoption would do, and what prevents it."""

    database: str
    provider: str
    name: str
    tables: tuple[TableCount, ...]
    flagged: dict[str, int]
    """As ``Adoption.flagged``: by reason, the number of incomplete extractions."""
    problems: tuple[str, ...]
    """What prevents the adoption, without values of patients."""
    notes: tuple[str, ...]
    begun: bool
    """Whether an interrupted adoption will be continued."""
    done: bool
    """Whether the database was adopted before."""
    needs_alias: str | None = None
    """The folder of its files, if that is neither the provider's name nor an alias."""


@dataclass(frozen=True, slots=True)
class SurveyedDatabase:
    """A survey with what the adoption needs: the owner, the tables, and the folder of the files."""

    survey: AdoptionSurvey
    owner: Owner
    shape: LegacyShape
    folder: str | None


def survey_adoption(
    store: Store, database: str, name: str | None = None, date_order: DateOrder | None = None
) -> AdoptionSurvey:
    """Report what an adoption would do; changes nothing. Raises as ``survey_database``."""
    found = survey_database(store, database, name, date_order).survey
    if has_legacy_registry(store):
        reason = f"WEBAUTODASH_SYSTEM_DATABASE: {store.system.name} is the earlier scripts' registry; set another name"
        return replace(found, problems=(*found.problems, reason))
    return found


def require_adoptable(store: Store, database: str) -> None:
    """Check that a database is of the earlier scripts, before anything is created. Raises as ``survey_database``."""
    _require_there(store, database)
    with store.server.database(database, ProviderWork).migrating() as work:
        _require_legacy(database, work.legacy_tables.shape(), identity_of(store.server, database))


def survey_database(store: Store, database: str, name: str | None, date_order: DateOrder | None) -> SurveyedDatabase:
    """Survey a database for an adoption.

    Waits for a running statement of a killed adoption, such as a long rename. Raises DatabaseBusy if that takes longer
    than the read timeout; UsageError if the database does not exist or the server cannot hold one; NotAdoptable if it
    belongs to this program or to another provider than ``name``, or lacks tables of the earlier scripts.
    """
    _require_there(store, database)
    with store.server.database(database, ProviderWork).migrating() as work:
        tables = work.legacy_tables
        shape = tables.shape()
        identity = identity_of(store.server, database)
        _require_legacy(database, shape, identity)
        owner = owner_of_database(store, database, name, date_order, identity)
        checks = work.legacy_checks
        folders = checks.distinct("extraction_sessions", "provider_directory")
        found = AdoptionSurvey(
            database,
            owner.slug,
            owner.name,
            tuple(
                TableCount(table, number, None, legacy_name(table)) for table, number in tables.counts(shape).items()
            ),
            work.adopted.flagged() if identity is not None else count_incomplete(work),
            () if identity is not None else tuple(_problems(checks)),
            tuple(_notes(name_in_legacy_registry(store, database), checks, shape, owner, folders)),
            begun=bool(shape.aside),
            done=identity is not None,
            needs_alias=_unnamed(folders, owner),
        )
        return SurveyedDatabase(found, owner, shape, folders[0] if len(folders) == 1 else None)


def _require_there(store: Store, database: str) -> None:
    if not store.server.may_hold_legacy_databases:
        raise UsageError(
            f"{store.server.where} cannot hold databases of the earlier scripts; set WEBAUTODASH_DATABASE_URL to the "
            f"server that they used"
        )
    if not store.server.exists(database):
        near = get_close_matches(database, store.server.names(""), n=3, cutoff=0.6)
        advice = f"; did you mean {', '.join(near)}?" if near else ""
        raise UsageError(f"{store.server.where} has no database {database}, or this account may not use it{advice}")


def _require_legacy(database: str, shape: LegacyShape, identity: ProviderIdentity | None) -> None:
    if identity is not None and (not shape.aside or shape.missing):
        # This includes adopted databases whose old tables were deleted.
        raise NotAdoptable(database, f"it is already the database of the provider {identity.slug}")
    if shape.ours and not shape.aside:
        raise NotAdoptable(database, "it already has the tables of this program")
    if shape.missing:
        raise NotAdoptable(database, f"it lacks tables or columns of the earlier scripts: {', '.join(shape.missing)}")
    both = sorted(shape.here & shape.aside)
    if both:
        listed = ", ".join(f"{name} and {legacy_name(name)}" for name in both)
        raise NotAdoptable(database, f"it has tables twice; a person must decide which one has the data: {listed}")


def _problems(checks: LegacyChecks) -> Iterator[str]:
    """What prevents the rows from being copied, as counts."""
    for table, column, parent, number in checks.orphans():
        yield f"{number} rows of {table} have a {column} that does not exist in {parent}"
    unusable, same = _prns(checks.prns("patients"))
    if unusable:
        yield f"{unusable} rows of patients have no usable PRN"
    if unusable := _prns(checks.prns("data_conflicts"))[0]:
        yield f"{unusable} rows of data_conflicts have no usable PRN"
    if same:
        yield f"{same} PRNs of patients differ only in white space around them; a person must decide which are the same"
    by_session = groupby(checks.extraction_prns(), key=itemgetter(0))
    found = [_prns(prn for _, prn in rows) for _, rows in by_session]
    if unusable := sum(number for number, _ in found):
        yield f"{unusable} rows of patient_extractions have no usable PRN"
    if same := sum(number for _, number in found):
        yield f"{same} PRNs occur twice in one session of patient_extractions, ignoring the white space around them"


def _prns(prns: Iterable[str | None]) -> tuple[int, int]:
    """Count the unusable PRNs, and those that occur more than once."""
    unusable, seen = 0, Counter[str]()
    for prn in prns:
        try:
            seen[read_prn(prn)] += 1
        except UnreadablePatient:
            unusable += 1
    return unusable, sum(count > 1 for count in seen.values())


def _unnamed(folders: Sequence[str], owner: Owner) -> str | None:
    """The only folder of the files, if the provider is not known by it."""
    if len(folders) != 1 or letters_key(folders[0]) == letters_key(owner.name) or folders[0] == owner.slug:
        return None
    return folders[0]


def _notes(
    earlier: str | None, checks: LegacyChecks, shape: LegacyShape, owner: Owner, folders: Sequence[str]
) -> Iterator[str]:
    if shape.unknown:
        yield f"columns that the earlier scripts did not create stay in the old tables: {', '.join(shape.unknown)}"
    if earlier is not None and earlier != owner.name:
        yield f"the earlier scripts' registry calls it {earlier!r}"
    if len(folders) > 1:
        shown = ", ".join(map(repr, folders[:_MOST_FOLDERS])) + (" ..." if len(folders) > _MOST_FOLDERS else "")
        yield f"its sessions come from {len(folders)} folders: {shown}; check whether they belong to one provider"
    elif (folder := _unnamed(folders, owner)) is not None:
        yield f"its files were in the folder {folder!r}, which is neither the provider's name nor an alias"
    doctors = len(checks.distinct("patient_extractions", "filter_provider"))
    if doctors > 1:
        yield f"its extractions name {doctors} different doctors (filter_provider)"
    if mixed := len({prn for _, prn in checks.mixed_prns()}):
        yield (
            f"{mixed} PRNs shared the row of one that differs in case or accents; each gets its own row and a critical "
            f"conflict"
        )
