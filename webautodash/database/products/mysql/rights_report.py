"""Compares the connecting account's rights with what the program needs: what is missing, and what is too much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from webautodash.config import setting_key
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
from webautodash.database.products.product_server import RightsReport, ServerProblem

_MATCHES = {"%": "`%` matches any text", "_": r"`_` without a backslash matches any character"}
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class OwnGrants:
    """The connecting account, quoted as in a statement, and its grants."""

    account: str
    grants: Sequence[Grant]
    literally: bool
    """Whether names in grants are no patterns (``partial_revokes``)."""


def rights_report(own: OwnGrants, prefix: str, databases: Sequence[str]) -> RightsReport:
    """The rights in these databases, and in those that new providers will have."""
    problems = (
        *([_NO_PATTERNS] if own.literally else []),
        *_missing(own, prefix, databases),
        *_global(own, prefix),
        *_wide(own, prefix, databases),
    )
    return RightsReport(own.account, on(_pattern(prefix)), problems)


def _missing(own: OwnGrants, prefix: str, databases: Sequence[str]) -> Iterator[ServerProblem]:
    new = _new(prefix)
    by_itself = [grant for grant in own.grants if grant.holder == own.account]
    reported: set[tuple[str, ...]] = set()
    # Without patterns there is no grant for new databases, which _NO_PATTERNS reports.
    for name in databases if own.literally else [new, *databases]:
        pattern = name if own.literally else _deciding(by_itself, name, prefix)
        held = rights_in(own.grants, name, literally=own.literally)
        for absent, is_error, effect in (
            (lacking(ROWS, held), True, "its rows cannot be read and written"),
            (lacking(TABLES, held), False, "databases of new providers and migrations are refused"),
        ):
            # Reported once for all databases that the same statement fixes.
            if absent and (pattern, *absent) not in reported:
                reported.add((pattern, *absent))
                where = on(pattern) if name == new else f"`{name}`"
                yield ServerProblem(
                    "error" if is_error else "warning",
                    "rights.missing",
                    own.account,
                    f"lacks {', '.join(absent)} on {where}: {effect}",
                    granting([EVERYTHING], pattern, own.account),
                )


def _global(own: OwnGrants, prefix: str) -> Iterator[ServerProblem]:
    narrow = [grant for grant in own.grants if grant.pattern is not None]
    for grant in own.grants:
        if grant.pattern is not None:
            continue
        names = sorted(grant.rights)
        shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else "")
        message = f"has rights on every database, including those of other programs: {shown}"
        if GRANT_OPTION in grant.rights and grant.holder == own.account:
            advice = _new_account(own.account, prefix)
            yield ServerProblem("warning", "rights.global", own.account, f"an administrator's: {message}", advice)
            continue
        advice = revoking(grant)
        # Some servers revoke all other rights with them, and the account must keep the rights that it needs.
        if EVERYTHING in advice or lacking([*ROWS, *TABLES], rights_in(narrow, _new(prefix))):
            advice += " " + granting([EVERYTHING], _pattern(prefix), own.account)
        yield ServerProblem("warning", "rights.global", grant.holder, message, advice)


def _new_account(administrator: str, prefix: str) -> str:
    # The administrator's own rights are not revoked: nobody might be left who could grant them again.
    _, _, host = administrator.rpartition("@")
    own = f"`webautodash`@{host}"
    made = f"CREATE USER {own} IDENTIFIED BY '...'; {granting([EVERYTHING], _pattern(prefix), own)}"
    return f"{made} and {setting_key('db_user')}=webautodash with its password"


def _wide(own: OwnGrants, prefix: str, databases: Sequence[str]) -> Iterator[ServerProblem]:
    prefixed = [name for name in (_new(prefix), *databases) if name.startswith(prefix)]
    for grant in own.grants:
        wild = grant.wild_signs(prefix)
        if wild and not own.literally and any(grant.covers(name) for name in prefixed):
            advice = granting([EVERYTHING], _pattern(prefix), grant.holder) + " " + revoking(grant)
            message = f"{grant.object} matches other names too: {', '.join(_MATCHES[sign] for sign in wild)}"
            yield ServerProblem("warning", "rights.wildcard", grant.holder, message, advice)


def _deciding(by_itself: Sequence[Grant], database: str, prefix: str) -> str:
    """The pattern to grant on: a grant on a wider pattern has no effect if the account has a narrower one."""
    pattern = _pattern(prefix) if database.startswith(prefix) else exactly(database)
    matching = [grant.pattern for grant in by_itself if grant.pattern and grant.covers(database)]
    return max([pattern, *matching], key=specificity)


def _new(prefix: str) -> str:
    # Any name that is unlikely to have a pattern of its own.
    return f"{prefix}0_a_new_provider"


_NO_PATTERNS = ServerProblem(
    "warning",
    "rights.no_patterns",
    "partial_revokes",
    "is ON: a grant matches one name exactly, so none can cover the databases of new providers",
    "SET PERSIST partial_revokes = OFF;",
)


def _pattern(prefix: str) -> str:
    return exactly(prefix) + "%"
