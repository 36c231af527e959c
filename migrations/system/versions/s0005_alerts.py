"""The outbox of alerts: what was found, for which channel, and the digests that are sent.

Keeps every row. On downgrade all alerts are dropped, undelivered ones too.
"""

import sqlalchemy as sa
from alembic import op

revision = "s0005"
down_revision = "s0004"
contract = False
loses = ("alerts", "alert_digests", "alert_deliveries")

KINDS = ("conflict", "rejected", "held", "set_aside", "behind", "silent")
CHANNELS = ("log", "mail", "webhook", "apprise")
STATES = ("pending", "delivered", "failed")


def upgrade() -> None:
    op.create_table_if_missing(
        "alerts",
        op.required(op.big_id(), "id"),
        op.required(op.sha256(), "cause_key"),
        op.required(sa.String(32), "kind"),
        op.optional(sa.String(32), "severity"),
        op.optional(op.bytewise(64), "provider", "database_name"),
        op.required(op.long_text(), "message"),
        op.optional(op.long_text(), "details"),
        op.required(op.instant(), "created_at"),
        one_of={"kind": KINDS},
        unique=(("cause_key",),),
    )
    op.create_table_if_missing(
        "alert_digests",
        op.required(op.big_id(), "id"),
        op.required(sa.String(32), "idempotency_key", "channel", "state"),
        op.required(sa.Integer(), "attempts"),
        op.optional(op.instant(), "next_attempt_at"),
        op.optional(sa.String(255), "last_error"),
        op.required(op.instant(), "created_at"),
        op.optional(op.instant(), "delivered_at"),
        one_of={"channel": CHANNELS, "state": STATES},
        unique=(("idempotency_key",),),
    )
    for columns in (["state", "channel", "next_attempt_at"], ["channel", "created_at"]):
        op.create_index_if_missing(f"ix_alert_digests_{'_'.join(columns)}", "alert_digests", columns)
    op.create_table_if_missing(
        "alert_deliveries",
        op.required(op.big_id(), "id", "alert_id"),
        op.required(sa.String(32), "channel"),
        op.optional(op.big_id(), "digest_id"),
        references={"alert_id": "alerts", "digest_id": "alert_digests"},
        unique=(("alert_id", "channel"),),
    )
    op.create_index_if_missing("ix_alert_deliveries_digest_id_channel", "alert_deliveries", ["digest_id", "channel"])


def downgrade() -> None:
    for table in reversed(loses):
        op.drop_table(table, if_exists=True)
