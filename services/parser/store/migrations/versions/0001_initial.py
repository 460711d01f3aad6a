"""Documents, tombstones and what delivery needs."""

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
        "documents",
        sa.Column("document_id", sa.String(100), primary_key=True),
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("knowledgebase_id", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("characters", sa.BigInteger),
        sa.Column("milliseconds", sa.BigInteger),
        sa.Column("removed_at", sa.BigInteger),
    )
    op.create_table(
        "owner_tombstones",
        sa.Column("project_id", sa.String(100), primary_key=True),
        sa.Column("knowledgebase_id", sa.String(100), primary_key=True),
        sa.Column("removed_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("owner_tombstones")
    op.drop_table("documents")
    drop_runtime_tables(op)
