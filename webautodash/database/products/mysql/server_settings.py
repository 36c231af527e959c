"""Settings of a server with which data are lost, truncated or exposed."""

from collections.abc import Iterator, Mapping
from typing import Literal

from webautodash.config import ENV_PREFIX
from webautodash.database.products.product_server import ServerProblem

VARIABLES = (
    "character_set_server",
    "general_log",
    "innodb_doublewrite",
    "innodb_flush_log_at_trx_commit",
    "innodb_flush_method",
    "innodb_read_only",
    "log_bin",
    "max_allowed_packet",
    "read_only",
    "slow_query_log",
    "sql_mode",
    "super_read_only",
    "sync_binlog",
)
# MySQL shows this as a status, although a statement sets it.
STATE = "innodb_redo_log_enabled"

Variables = Mapping[str, str]
"""A server's variables by name, those that it has."""

_MEGABYTE = 1 << 20
_LEAST_PACKET = 16 * _MEGABYTE
_STRICT = {"STRICT_ALL_TABLES", "STRICT_TRANS_TABLES", "TRADITIONAL"}
# MariaDB's 3 flushes more often than 1.
_FLUSHED = frozenset({"1", "3"})
_OFF = frozenset({"OFF", "0", "FALSE"})
_AND_CONFIGURED = "and the same in the server's configuration"


def durability_problems(variables: Variables) -> Iterator[ServerProblem]:
    """Settings with which a crash loses committed data, or damages other data."""
    values = {name: value.upper() for name, value in variables.items()}
    if (flush := values.get("innodb_flush_log_at_trx_commit", "1")) not in _FLUSHED:
        name, crash = "innodb_flush_log_at_trx_commit", "the server" if flush == "0" else "the machine"
        message = f"{flush}: a crash of {crash} loses the commits of the last second"
        advice = f"SET GLOBAL {name} = 1; {_AND_CONFIGURED}"
        yield ServerProblem("error" if flush == "0" else "warning", "durability.flush", name, message, advice)
    if values.get("log_bin", "OFF") not in _OFF and (sync := values.get("sync_binlog", "1")) != "1":
        message = f"{sync}: a crash of the machine loses the end of the binary log; replicas and restores lack it"
        advice = f"SET GLOBAL sync_binlog = 1; {_AND_CONFIGURED}"
        yield ServerProblem("warning", "durability.binlog", "sync_binlog", message, advice)
    if (pages := values.get("innodb_doublewrite", "ON")) in _OFF | {"DETECT_ONLY"}:
        message = f"{pages}: a page half written when the machine crashes is lost, unless the file system prevents it"
        advice = "innodb_doublewrite = ON in the server's configuration, and a restart"
        yield ServerProblem("warning", "durability.doublewrite", "innodb_doublewrite", message, advice)
    if (method := values.get("innodb_flush_method", "")) in {"NOSYNC", "LITTLESYNC"}:
        message = f"{method}: no data are certain to be on the disk when the machine crashes"
        advice = "innodb_flush_method = O_DIRECT in the server's configuration, and a restart"
        yield ServerProblem("error", "durability.flush_method", "innodb_flush_method", message, advice)
    if values.get(STATE, "ON") in _OFF:
        message = "is off: after a crash the server may not start again"
        advice = "ALTER INSTANCE ENABLE INNODB REDO_LOG;"
        yield ServerProblem("error", "durability.redo_log", "redo log", message, advice)


def setting_problems(variables: Variables) -> Iterator[ServerProblem]:
    """Settings that refuse writes, truncate texts, or write patients' values into logs."""
    yield from _read_only(variables)
    yield from _texts(variables)
    yield from _packet(variables)
    yield from _statement_logs(variables)


def _read_only(variables: Variables) -> Iterator[ServerProblem]:
    for name in ("read_only", "super_read_only", "innodb_read_only"):
        if (value := variables.get(name)) is not None and value.upper() not in _OFF:
            advice = f"SET GLOBAL {name} = OFF; or, if it is a replica, point {ENV_PREFIX}DB_HOST to the primary"
            yield ServerProblem("error", "server.read_only", name, "the server accepts no changes", advice)


def _texts(variables: Variables) -> Iterator[ServerProblem]:
    mode = variables.get("sql_mode")
    if mode is not None and _STRICT.isdisjoint(mode.upper().split(",")):
        message = "is not strict: texts of other programs are truncated without an error; this program's are not"
        advice = f"SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES'); {_AND_CONFIGURED}"
        yield ServerProblem("warning", "sql_mode.lax", "sql_mode", message, advice)
    charset = variables.get("character_set_server", "")
    if charset and charset != "utf8mb4":
        message = f"{charset}: databases of other programs cannot store every character; this program's can"
        advice = "character_set_server = utf8mb4, where it is set"
        yield ServerProblem("info", "charset.server", "character_set_server", message, advice)


def _packet(variables: Variables) -> Iterator[ServerProblem]:
    size = variables.get("max_allowed_packet", "")
    if size.isdigit() and int(size) < _LEAST_PACKET:
        message = f"{int(size) / _MEGABYTE:,.0f} MiB: a file with a large record has to wait"
        advice = f"SET GLOBAL max_allowed_packet = {4 * _LEAST_PACKET}; {_AND_CONFIGURED}"
        yield ServerProblem("warning", "packet.small", "max_allowed_packet", message, advice)


def _statement_logs(variables: Variables) -> Iterator[ServerProblem]:
    if variables.get("general_log", "OFF").upper() not in _OFF:
        yield _log("warning", "general_log", "every statement is logged")
    if variables.get("slow_query_log", "OFF").upper() not in _OFF:
        yield _log("info", "slow_query_log", "slow statements are logged")


def _log(severity: Literal["warning", "info"], name: str, logged: str) -> ServerProblem:
    message = f"{logged}, with the patients' values in them: protect that log like the data"
    return ServerProblem(severity, "server.statement_log", name, message, f"SET GLOBAL {name} = OFF; {_AND_CONFIGURED}")
