"""Decided feedback and what delivery needs."""

import sqlalchemy as sa
from alembic import op

from services.kernel.runtime.tables import create_runtime_tables, drop_runtime_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_runtime_tables(op)
    op.create_table(
        "decided",
        sa.Column("project_id", sa.String(100), primary_key=True),
        sa.Column("feedback_id", sa.String(100), primary_key=True),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("decided")
    drop_runtime_tables(op)
