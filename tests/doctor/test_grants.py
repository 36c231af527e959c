"""The grants that servers print, and which of several patterns counts."""

import pytest

from webautodash.database.products.mysql.grants import Grant, lacking, parse, revoking, rights_in
from webautodash.database.products.mysql.rights_report import OwnGrants, rights_report

ALL = frozenset({"ALL PRIVILEGES"})


@pytest.mark.parametrize(
    ("line", "grant"),
    [
        (
            r"GRANT ALL PRIVILEGES ON `webautodash\_%`.* TO `w`@`localhost`",
            Grant("`w`@`localhost`", r"webautodash\_%", ALL),
        ),
        (
            "GRANT SELECT, CREATE TEMPORARY TABLES ON *.* TO 'w'@'%' WITH GRANT OPTION",
            Grant("'w'@'%'", None, frozenset({"SELECT", "CREATE TEMPORARY TABLES", "GRANT OPTION"})),
        ),
        (
            "GRANT BACKUP_ADMIN,CLONE_ADMIN ON *.* TO `w`@`%`",
            Grant("`w`@`%`", None, frozenset({"BACKUP_ADMIN", "CLONE_ADMIN"})),
        ),
        ("GRANT SELECT ON `a``b`.* TO `role`", Grant("`role`", "a`b", frozenset({"SELECT"}))),
    ],
)
def test_a_line_of_either_product_is_read(line: str, grant: Grant) -> None:
    assert parse(line) == grant


@pytest.mark.parametrize(
    "line",
    [
        "GRANT `r1`@`%`,`r2`@`%` TO `w`@`%`",
        "GRANT SELECT (`a`) ON `d`.`t` TO `w`@`%`",
        "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `w`@`%`",
        "GRANT PROXY ON ``@`%` TO `root`@`127.0.0.1` WITH GRANT OPTION",
        "REVOKE SELECT ON `mysql`.* FROM `w`@`%`",
        "SET DEFAULT ROLE `r1` FOR `w`@`%`",
    ],
)
def test_other_lines_are_ignored(line: str) -> None:
    assert parse(line) is None


def test_a_passwords_hash_is_not_kept() -> None:
    kept = parse("GRANT USAGE ON *.* TO `w`@`%` IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'")
    assert kept == Grant("`w`@`%`", None, frozenset())


@pytest.mark.parametrize(
    ("pattern", "name", "covers", "wild"),
    [
        (r"web\_%", "web_anna", True, ""),
        (r"web\_%", "webXanna", False, ""),
        ("web_%", "webXanna", True, "_"),
        ("%", "anything", True, "%"),
        ("w_%", "web_anna", True, "%_"),
        ("web_anna", "webXanna", True, "_"),
        (r"web\_anna_k", "web_anna_k", True, ""),
        (r"web\_anna", "web_anna", True, ""),
    ],
)
def test_a_backslash_escapes_a_wildcard(pattern: str, name: str, covers: bool, wild: str) -> None:
    grant = Grant("w", pattern, ALL)
    assert (grant.covers(name), grant.wild_signs("web_")) == (covers, list(wild))


@pytest.mark.parametrize(("pattern", "signs"), [("web_%", "_"), (r"web\_a%", "%"), ("we%", "%"), ("w_%", "%_")])
def test_only_wildcards_are_reported(pattern: str, signs: str) -> None:
    prefix = "web_abc_" if "a%" in pattern else "web_"
    report = rights_report(OwnGrants("w", [Grant("w", pattern, ALL)], literally=False), prefix, [])
    (one,) = [one for one in report.problems if one.code == "rights.wildcard"]
    named = one.message.removeprefix(f"`{pattern}`.* ")
    assert [sign for sign in "%_" if f"`{sign}`" in named] == list(signs)


def test_only_the_most_specific_pattern_counts_and_global_rights_and_those_of_roles_too() -> None:
    wide, narrow = Grant("w", r"web\_%", ALL), Grant("w", r"web\_anna", frozenset({"SELECT"}))
    assert rights_in([wide, narrow], "web_anna") == {"SELECT"}
    assert rights_in([wide, narrow], "web_gary") == ALL
    everywhere, by_role = Grant("w", None, frozenset({"INSERT"})), Grant("r", "web%", frozenset({"DELETE"}))
    rights = rights_in([wide, narrow, everywhere, by_role], "web_anna")
    assert lacking(["SELECT", "INSERT", "DELETE", "DROP"], rights) == ["DROP"]


@pytest.mark.parametrize(
    "patterns", [(r"web\_anna", r"web\_anna%", r"web\_%", "web_%", "%"), ("web_anna", "we__anna", "w%a", "_eb%")]
)
def test_a_pattern_is_more_specific_the_later_its_first_wildcard_is(patterns: tuple[str, ...]) -> None:
    grants = [Grant("w", pattern, frozenset({f"RIGHT {n}"})) for n, pattern in enumerate(patterns)]
    for first in range(len(grants)):
        assert rights_in(grants[first:], "web_anna") == {f"RIGHT {first}"}
        assert rights_in(grants[:first:-1], "web_anna") <= {f"RIGHT {first + 1}"}


def test_a_server_that_takes_patterns_literally_is_reported_and_names_are_granted_as_they_are() -> None:
    own = OwnGrants("w", [Grant("w", "web_system", ALL), Grant("w", "web_%", ALL)], literally=True)
    found = rights_report(own, "web_", ["web_system", "web_anna"]).problems
    assert [(one.code, one.severity) for one in found] == [
        ("rights.no_patterns", "warning"),
        ("rights.missing", "error"),
        ("rights.missing", "warning"),
    ]
    assert [one.advice for one in found[1:]] == ["GRANT ALL PRIVILEGES ON `web_anna`.* TO w;"] * 2


def test_an_administrator_keeps_its_rights_and_another_account_is_advised() -> None:
    grants = [Grant("`root`@`10.0.0.%`", None, ALL | {"GRANT OPTION"})]
    (one,) = rights_report(OwnGrants("`root`@`10.0.0.%`", grants, literally=False), "web_", []).problems
    assert (one.code, one.severity) == ("rights.global", "warning")
    assert one.advice == (
        "CREATE USER `webautodash`@`10.0.0.%` IDENTIFIED BY '...'; "
        r"GRANT ALL PRIVILEGES ON `web\_%`.* TO `webautodash`@`10.0.0.%`; "
        "and WEBAUTODASH_DB_USER=webautodash with its password"
    )


def test_many_rights_are_revoked_together_and_the_grant_option_separately() -> None:
    few = Grant("`w`@`%`", None, frozenset({"FILE", "PROCESS", "GRANT OPTION"}))
    assert revoking(few) == "REVOKE FILE, PROCESS ON *.* FROM `w`@`%`; REVOKE GRANT OPTION ON *.* FROM `w`@`%`;"
    alone = few._replace(rights=frozenset({"GRANT OPTION"}))
    assert revoking(alone) == "REVOKE GRANT OPTION ON *.* FROM `w`@`%`;"
    five = few._replace(rights=frozenset("ABCDE"))
    assert revoking(five) == "REVOKE A, B, C, D, E ON *.* FROM `w`@`%`;"
    many = few._replace(rights=frozenset("ABCDEF"))
    assert revoking(many) == "REVOKE ALL PRIVILEGES ON *.* FROM `w`@`%`;"
