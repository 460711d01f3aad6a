"""Since when no project links a knowledge base."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("knowledge_bases", sa.Column("unlinked_at", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("knowledge_bases", "unlinked_at")
