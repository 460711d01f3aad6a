"""Usage of projects by day."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_by_day",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("metric", sa.String(20), primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
    )
    op.create_index("usage_by_time", "usage_by_day", ["day"])


def downgrade() -> None:
    op.drop_table("usage_by_day")
