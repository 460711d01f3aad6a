"""Receipts of deletions."""

import sqlalchemy as sa
from alembic import op

from services.kernel.runtime.tables import POSITION

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deletions",
        sa.Column("position", POSITION, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.String(120), nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("completed_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("deletions_by_id", "deletions", ["id"], unique=True)
    op.create_index("deletions_by_project", "deletions", ["project_id", "position"])
    op.create_table(
        "deletion_parts",
        sa.Column("deletion_id", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(200), primary_key=True),
        sa.Column("services", sa.String(100), nullable=False),
    )
    op.create_index("deletion_parts_by_subject", "deletion_parts", ["subject"])


def downgrade() -> None:
    op.drop_table("deletion_parts")
    op.drop_table("deletions")
