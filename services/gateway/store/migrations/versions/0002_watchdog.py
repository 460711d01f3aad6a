"""How often documents that stood still were sent again, and an index that finds those."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_again",
        sa.Column("document_id", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("times", sa.Integer, nullable=False),
    )
    op.create_index("documents_by_movement", "documents", ["outcome", "updated_at"])


def downgrade() -> None:
    op.drop_index("documents_by_movement", "documents")
    op.drop_table("sent_again")
