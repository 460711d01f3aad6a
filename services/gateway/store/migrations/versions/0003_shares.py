"""Offers of knowledge bases to other projects."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_base_shares",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("knowledgebase_id", sa.String(64), nullable=False),
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("target_id", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("accepted_at", sa.BigInteger),
    )
    op.create_index(
        "shares_by_project_named",
        "knowledge_base_shares",
        ["knowledgebase_id", "project"],
        unique=True,
    )
    op.create_index("shares_by_target", "knowledge_base_shares", ["target_id", "knowledgebase_id"])


def downgrade() -> None:
    op.drop_table("knowledge_base_shares")
