"""The server: its version, the way to it, its clock, and settings with which it loses or cuts data."""

from collections.abc import Iterator

from webautodash.config import ENV_PREFIX, Settings, Tls
from webautodash.database.products import Health
from webautodash.services.doctor.findings import Finding, error, fine, info, or_fine, warning

_MEGABYTE = 1 << 20
_LEAST_PACKET = 16 * _MEGABYTE
_SKEW_SECONDS, _WRONG_SECONDS = 5, 60
_STRICT = ("STRICT_ALL_TABLES", "STRICT_TRANS_TABLES", "TRADITIONAL")
# MariaDB's 3 flushes more often than 1.
_FLUSHED = frozenset({"1", "3"})
_OFF = frozenset({"OFF", "0", "FALSE"})
_AND_CONFIGURED = "and the same in the server's configuration"


def version(health: Health, settings: Settings) -> Iterator[Finding]:
    """The product, and whether it is new enough."""
    del settings
    subject = f"{health.product} {health.version}"
    if health.too_old:
        message = f"is too old: the program needs {health.product} {health.oldest} or newer"
        yield error("server.old", subject, message, "upgrade the server")
        return
    account = f" as {health.account}" if health.account else ""
    yield fine("server.version", subject, f"reached{account}")


def tls(health: Health, settings: Settings) -> Iterator[Finding]:
    """Whether others on the way can read along."""
    if not health.network:
        yield fine("tls.cipher", "connection", "stays on this machine")
    elif health.cipher:
        yield fine("tls.cipher", "connection", f"encrypted with {health.cipher}, the server's certificate verified")
    elif settings.tls is Tls.OFF:
        message = "patients' data go over the network in plain text"
        cure = f"{ENV_PREFIX}TLS=verify, and {ENV_PREFIX}TLS_CA for a certificate authority of your own"
        yield warning("tls.off", f"{ENV_PREFIX}TLS=off", message, cure)
    else:
        yield error("tls.none", "connection", "is not encrypted, though it should be", f"{ENV_PREFIX}TLS=verify")


def clock(health: Health, settings: Settings) -> Iterator[Finding]:
    """Whether the server's clock and this machine's agree; leases and times of both stand side by side."""
    del settings
    off = abs(health.seconds_ahead)
    if off <= _SKEW_SECONDS:
        yield fine("clock.skew", "clock", "the server's and this machine's agree")
        return
    message = f"the server's is {off:,.0f} s {'ahead of' if health.seconds_ahead > 0 else 'behind'} this machine's"
    found = error if off > _WRONG_SECONDS else warning
    yield found("clock.skew", "clock", message, "timedatectl set-ntp true, on the machine that is wrong")


def durability(health: Health, settings: Settings) -> list[Finding]:
    """Settings with which a crash takes back what was committed, or damages what was not touched."""
    del settings
    return or_fine(_losing(health), "durability", "commits", "what is committed survives a crash")


def writable(health: Health, settings: Settings) -> Iterator[Finding]:
    """Whether the server takes any change."""
    del settings
    for name in ("read_only", "super_read_only", "innodb_read_only"):
        if (value := health.variables.get(name)) is not None and value.upper() not in _OFF:
            cure = f"SET GLOBAL {name} = OFF; or, if it is a replica, point {ENV_PREFIX}DB_HOST to the primary"
            yield error("server.read_only", name, "the server takes no changes", cure)


def texts(health: Health, settings: Settings) -> Iterator[Finding]:
    """What the server does to texts by default; the program says so itself, other programs may not."""
    del settings
    mode = health.variables.get("sql_mode")
    if mode is not None and not any(word in mode.upper().split(",") for word in _STRICT):
        message = "is not strict: other programs' texts are cut without an error; ours are not"
        cure = f"SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES'); {_AND_CONFIGURED}"
        yield warning("sql_mode.lax", "sql_mode", message, cure)
    charset = health.variables.get("character_set_server", "")
    if charset and charset != "utf8mb4":
        message = f"{charset}: databases that others make cannot hold every letter; ours say utf8mb4"
        yield info("charset.server", "character_set_server", message, "character_set_server = utf8mb4, where it is set")


def packet(health: Health, settings: Settings) -> Iterator[Finding]:
    """Whether a large row fits into a statement."""
    del settings
    size = health.variables.get("max_allowed_packet", "")
    if size.isdigit() and int(size) < _LEAST_PACKET:
        message = f"{int(size) / _MEGABYTE:,.0f} MiB: a file with a large record has to wait"
        cure = f"SET GLOBAL max_allowed_packet = {4 * _LEAST_PACKET}; {_AND_CONFIGURED}"
        yield warning("packet.small", "max_allowed_packet", message, cure)


def statement_logs(health: Health, settings: Settings) -> Iterator[Finding]:
    """Whether the server writes statements, and with them patients' values, into logs of its own."""
    del settings
    for name, logged, found in (
        ("general_log", "every statement is logged", warning),
        ("slow_query_log", "statements that take long are logged", info),
    ):
        if health.variables.get(name, "OFF").upper() not in _OFF:
            message = f"{logged}, with the patients' values that stand in them: protect that log as the data"
            yield found("server.statement_log", name, message, f"SET GLOBAL {name} = OFF; {_AND_CONFIGURED}")


def _losing(health: Health) -> Iterator[Finding]:
    said = {name: value.upper() for name, value in health.variables.items()}
    if (flush := said.get("innodb_flush_log_at_trx_commit", "1")) not in _FLUSHED:
        found, crash = (error, "the server") if flush == "0" else (warning, "the machine")
        message = f"{flush}: a crash of {crash} loses the last second of what was committed"
        cure = f"SET GLOBAL innodb_flush_log_at_trx_commit = 1; {_AND_CONFIGURED}"
        yield found("durability.flush", "innodb_flush_log_at_trx_commit", message, cure)
    if said.get("log_bin", "OFF") not in _OFF and (sync := said.get("sync_binlog", "1")) != "1":
        message = f"{sync}: a crash of the machine loses the end of the binary log; replicas and restores lack it"
        cure = f"SET GLOBAL sync_binlog = 1; {_AND_CONFIGURED}"
        yield warning("durability.binlog", "sync_binlog", message, cure)
    if (pages := said.get("innodb_doublewrite", "ON")) in _OFF | {"DETECT_ONLY"}:
        message = f"{pages}: a page half written when the machine crashes is lost, unless the file system prevents it"
        cure = "innodb_doublewrite = ON in the server's configuration, and a restart"
        yield warning("durability.doublewrite", "innodb_doublewrite", message, cure)
    if (method := said.get("innodb_flush_method", "")) in {"NOSYNC", "LITTLESYNC"}:
        message = f"{method}: nothing is sure to be on the disk when the machine crashes"
        cure = "innodb_flush_method = O_DIRECT in the server's configuration, and a restart"
        yield error("durability.flush_method", "innodb_flush_method", message, cure)
    if said.get("innodb_redo_log_enabled", "ON") in _OFF:
        message = "is off: after a crash the server may not start again"
        yield error("durability.redo_log", "redo log", message, "ALTER INSTANCE ENABLE INNODB REDO_LOG;")
