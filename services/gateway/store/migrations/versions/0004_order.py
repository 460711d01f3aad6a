"""The order of an owner's writes, and the place of a removal in it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "places",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(120), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.add_column(
        "removals", sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("removals", "sequence")
    op.drop_table("places")
