"""Versions of edited messages."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_versions",
        sa.Column("project_id", sa.String(100), primary_key=True),
        sa.Column("owner_key", sa.String(300), primary_key=True),
        sa.Column("conversation_id", sa.String(200), primary_key=True),
        sa.Column("message_id", sa.String(100), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("message_versions")
