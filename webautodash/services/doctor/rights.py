"""The account's rights: what it lacks for its work, and what it may do that nobody needs."""

from collections.abc import Iterator, Sequence

from webautodash.config import Settings, setting_key
from webautodash.database.products import Health
from webautodash.database.products.mysql.grants import (
    EVERYTHING,
    GRANT_OPTION,
    ROWS,
    TABLES,
    Grant,
    exactly,
    granting,
    lacking,
    on,
    revoking,
    rights_in,
    specificity,
)
from webautodash.services.doctor.findings import Finding, error, fine, warning

_STANDS_FOR = {"%": "`%` stands for any text", "_": r"`_` without a backslash stands for any character"}
_SHOWN = 6


def rights(health: Health, grants: Sequence[Grant], settings: Settings, databases: Sequence[str]) -> Iterator[Finding]:
    """What the account may do in the given databases, and in those that new providers will have.

    Nothing where the product has no accounts.
    """
    account = health.account
    if account is None:
        return
    literally = health.variables.get("partial_revokes", "OFF").upper() == "ON"
    found = [
        *([_no_patterns()] if literally else []),
        *_missing(account, grants, settings.database_prefix, databases, literally=literally),
        *_global(account, grants, settings.database_prefix),
        *_wide(grants, settings.database_prefix, databases, literally=literally),
    ]
    yield from found or [fine("rights", account, f"all that is needed on {_wanted(settings.database_prefix)}, no more")]


def _missing(
    account: str, grants: Sequence[Grant], prefix: str, databases: Sequence[str], *, literally: bool
) -> Iterator[Finding]:
    new = _new(prefix)
    own = [grant for grant in grants if grant.holder == account]
    seen: set[tuple[str, ...]] = set()
    # Where no pattern can be written there is no grant for new ones, and another finding says so.
    for name in databases if literally else [new, *databases]:
        pattern = name if literally else _deciding(own, name, prefix)
        held = rights_in(grants, name, literally=literally)
        for wanted, found, why in (
            (ROWS, error, "its rows cannot be read and written"),
            (TABLES, warning, "new providers' databases and migrations are refused"),
        ):
            absent = lacking(wanted, held)
            # Said once of all that the same statement cures.
            if absent and (pattern, *absent) not in seen:
                seen.add((pattern, *absent))
                where = on(pattern) if name == new else f"`{name}`"
                message = f"lacks {', '.join(absent)} on {where}: {why}"
                yield found("rights.missing", account, message, granting([EVERYTHING], pattern, account))


def _global(account: str, grants: Sequence[Grant], prefix: str) -> Iterator[Finding]:
    narrow = [grant for grant in grants if grant.pattern is not None]
    for grant in grants:
        if grant.pattern is None:
            listed = sorted(grant.rights)
            shown = ", ".join(listed[:_SHOWN]) + (f" and {len(listed) - _SHOWN} more" if listed[_SHOWN:] else "")
            message = f"has rights on every database, other programs' too: {shown}"
            if GRANT_OPTION in grant.rights and grant.holder == account:
                yield warning("rights.global", account, f"an administrator's: {message}", _own_account(account, prefix))
                continue
            taken = revoking(grant)
            # Some servers take all other rights away with them; and the account must not be left with nothing.
            if EVERYTHING in taken or lacking([*ROWS, *TABLES], rights_in(narrow, _new(prefix))):
                taken += " " + granting([EVERYTHING], _pattern(prefix), account)
            yield warning("rights.global", grant.holder, message, taken)


def _own_account(administrator: str, prefix: str) -> str:
    # The administrator's rights are not for us to take away: nobody may be left who could give them back.
    _, _, host = administrator.rpartition("@")
    own = f"`webautodash`@{host}"
    made = f"CREATE USER {own} IDENTIFIED BY '...'; {granting([EVERYTHING], _pattern(prefix), own)}"
    return f"{made} and {setting_key('db_user')}=webautodash with its password"


def _wide(grants: Sequence[Grant], prefix: str, databases: Sequence[str], *, literally: bool) -> Iterator[Finding]:
    ours = [name for name in (_new(prefix), *databases) if name.startswith(prefix)]
    for grant in grants:
        wild = grant.wild_signs(prefix)
        if wild and not literally and any(grant.covers(name) for name in ours):
            cure = granting([EVERYTHING], _pattern(prefix), grant.holder) + " " + revoking(grant)
            message = f"{grant.object} fits other names too: {', '.join(_STANDS_FOR[sign] for sign in wild)}"
            yield warning("rights.wildcard", grant.holder, message, cure)


def _deciding(own: Sequence[Grant], database: str, prefix: str) -> str:
    """The pattern to grant on: what is granted on a wider one does not count where the account has a narrower one."""
    pattern = _pattern(prefix) if database.startswith(prefix) else exactly(database)
    fitting = [grant.pattern for grant in own if grant.pattern and grant.covers(database)]
    return max([pattern, *fitting], key=specificity)


def _new(prefix: str) -> str:
    # Any name will do that no pattern is likely to be written for.
    return f"{prefix}0_a_new_provider"


def _no_patterns() -> Finding:
    message = "is ON: a grant fits one name exactly, so none can cover the databases of new providers"
    return warning("rights.no_patterns", "partial_revokes", message, "SET PERSIST partial_revokes = OFF;")


def _pattern(prefix: str) -> str:
    return exactly(prefix) + "%"


def _wanted(prefix: str) -> str:
    return on(_pattern(prefix))
