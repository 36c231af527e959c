"""Checks whether a database was restored from an older backup."""

from collections.abc import Iterator, Sequence

from webautodash.domain.wording import counted
from webautodash.errors import DatabaseUnreachable, WebAutoDashError
from webautodash.services.doctor.findings import Finding, error, fine, warning
from webautodash.services.store import Store
from webautodash.services.verify import Divergence, DivergingFile, Location, find_divergence, is_active, system_records

_MOST_NAMED = 5
_WHERE = {
    Location.RESULTS: "in Results",
    Location.NOWHERE: "not in Results",
    Location.UNKNOWN: "in a folder that does not respond",
}


def backups(store: Store) -> Iterator[Finding]:
    """Differences between provider databases and the system database. Skips a database that cannot be read."""
    recorded, complete = system_records(store), 0
    for provider in filter(is_active, store.providers()):
        found = None
        try:
            found = find_divergence(store, provider, recorded)
        except DatabaseUnreachable:
            raise
        except WebAutoDashError:
            continue
        yield from _findings(provider.database_name, found)
        complete += not found
    if complete:
        yield fine("backup.complete", "provider databases", f"{complete} have everything that is recorded of them")


def _findings(database: str, found: Divergence) -> Iterator[Finding]:
    older = "it was restored from an older backup"
    for location in (Location.RESULTS, Location.UNKNOWN, Location.NOWHERE):
        files = [file for file in found.missing_files if file.location is location]
        if files:
            message = f"lacks {counted(len(files), 'stored file')}, {_WHERE[location]}: {_names(files)}; {older}"
            yield error(f"backup.missing_{location}", database, message)
    if found.is_older and not found.missing_files:
        message = f"lacks the newest recorded session, whose file is no longer recorded; {older}"
        yield error("backup.older", database, message)
    if unrecorded := found.unrecorded_files:
        message = f"has {counted(len(unrecorded), 'file')} that the system database lacks: {_names(unrecorded)}"
        yield warning("backup.unrecorded", database, message)
    if found.lost_reviews:
        message = f"lacks {counted(found.lost_reviews, 'decision')} of reviewers; {older}"
        yield error("backup.lost_reviews", database, message)
    for names, which in ((found.missing_aliases, "it"), (found.unrecorded_aliases, "the registry")):
        if names:
            message = f"{which} lacks {counted(len(names), 'alias', 'aliases')}: {', '.join(map(repr, names))}"
            yield warning("backup.aliases", database, message, slug=found.provider, alias=names[0])


def _names(files: Sequence[DivergingFile]) -> str:
    named = ", ".join(file.path for file in files[:_MOST_NAMED])
    return named if len(files) <= _MOST_NAMED else f"{named} and {len(files) - _MOST_NAMED:,} more"
