"""Webhooks with their deliveries; which document a part of a task stands for."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("task_parts", sa.Column("document_id", sa.String(64)))
    op.create_index("task_parts_by_document", "task_parts", ["document_id"])
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.String(100), nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("disabled_reason", sa.Text, nullable=False),
    )
    op.create_index("webhooks_by_project", "webhooks", ["project_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("webhook_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("event_type", sa.String(50), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("answer_status", sa.Integer),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("leased_until", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("webhook_deliveries_by_id", "webhook_deliveries", ["id"], unique=True)
    op.create_index(
        "webhook_deliveries_by_webhook", "webhook_deliveries", ["webhook_id", "position"]
    )
    op.create_index("webhook_deliveries_due", "webhook_deliveries", ["status", "next_at"])


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
    op.drop_index("task_parts_by_document", "task_parts")
    op.drop_column("task_parts", "document_id")
