"""Documents that wait for a place in the pipeline, and what their senders called them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("queued_turn", sa.BigInteger))
    op.add_column(
        "documents",
        sa.Column("declared_type", sa.String(200), nullable=False, server_default=""),
    )
    op.create_index("documents_in_work", "documents", ["project_id", "outcome", "queued_turn"])


def downgrade() -> None:
    op.drop_index("documents_in_work", "documents")
    op.drop_column("documents", "declared_type")
    op.drop_column("documents", "queued_turn")
