"""How many texts an enrichment reads: what a document's status counts as pending."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("enrichments", sa.Column("units", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("enrichments", "units")
