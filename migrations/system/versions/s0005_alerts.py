"""The outbox of alerts: what was found, for which channel, and the digests that are sent.

Keeps every row. On downgrade all alerts are dropped, undelivered ones too.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "s0005"
down_revision = "s0004"
branch_labels = None
depends_on = None
contract = False
loses = ("alerts", "alert_digests", "alert_deliveries")

KINDS = "kind IN ('conflict', 'rejected', 'held', 'set_aside', 'behind', 'silent')"
CHANNELS = "channel IN ('log', 'mail', 'webhook', 'apprise')"
STATES = "state IN ('pending', 'delivered', 'failed')"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
SHA256 = sa.String(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def bytewise(length: int) -> sa.String:
    """Text that is compared byte by byte."""
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb")


def upgrade() -> None:
    op.create_table_if_missing(
        "alerts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("cause_key", SHA256, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(32)),
        sa.Column("provider", bytewise(64)),
        sa.Column("database_name", bytewise(64)),
        sa.Column("message", LONG_TEXT, nullable=False),
        sa.Column("details", LONG_TEXT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_alerts_kind")),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.UniqueConstraint("cause_key", name="uq_alerts_cause_key"),
    )
    op.create_table_if_missing(
        "alert_digests",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("idempotency_key", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("last_error", sa.String(255)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("delivered_at", INSTANT),
        sa.CheckConstraint(CHANNELS, name=op.f("ck_alert_digests_channel")),
        sa.CheckConstraint(STATES, name=op.f("ck_alert_digests_state")),
        sa.PrimaryKeyConstraint("id", name="pk_alert_digests"),
        sa.UniqueConstraint("idempotency_key", name="uq_alert_digests_idempotency_key"),
    )
    for columns in (["state", "channel", "next_attempt_at"], ["channel", "created_at"]):
        op.create_index_if_missing(f"ix_alert_digests_{'_'.join(columns)}", "alert_digests", columns)
    op.create_table_if_missing(
        "alert_deliveries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("alert_id", BIG_ID, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("digest_id", BIG_ID),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_deliveries_alert_id"),
        sa.ForeignKeyConstraint(["digest_id"], ["alert_digests.id"], name="fk_alert_deliveries_digest_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_deliveries"),
        sa.UniqueConstraint("alert_id", "channel", name="uq_alert_deliveries_alert_id_channel"),
    )
    op.create_index_if_missing("ix_alert_deliveries_digest_id_channel", "alert_deliveries", ["digest_id", "channel"])


def downgrade() -> None:
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
