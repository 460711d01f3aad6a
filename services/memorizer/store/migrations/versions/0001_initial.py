"""Records in eight partitions by owner, documents, batches, tombstones, and delivery's tables."""

import sqlalchemy as sa
from alembic import op

from services.kernel.runtime.tables import create_runtime_tables, drop_runtime_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PARTITIONS = 8


def upgrade() -> None:
    create_runtime_tables(op)
    op.create_table(
        "records",
        sa.Column("owner_key", sa.String(300), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("document_id", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("anchor_revision", sa.Integer, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("indexed", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("owner_key", "id", name="records_pk"),
        postgresql_partition_by="HASH (owner_key)",
    )
    if op.get_bind().dialect.name == "postgresql":
        for number in range(PARTITIONS):
            op.execute(
                f"CREATE TABLE records_{number} PARTITION OF records "
                f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
            )
    op.create_index("records_by_id", "records", ["id"])
    op.create_index("records_by_owner", "records", ["project_id", "owner_key", "kind", "status"])
    op.create_index("records_by_document", "records", ["document_id"])
    op.create_index("records_not_indexed", "records", ["indexed"])
    op.create_table(
        "documents",
        sa.Column("document_id", sa.String(100), primary_key=True),
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("knowledgebase_id", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("removed_at", sa.BigInteger),
    )
    op.create_table(
        "batches",
        sa.Column("document_id", sa.String(100), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("batch", sa.Integer, primary_key=True),
        sa.Column("passages", sa.Integer, nullable=False),
        sa.Column("memories", sa.Integer, nullable=False),
    )
    op.create_table(
        "owner_tombstones",
        sa.Column("project_id", sa.String(100), primary_key=True),
        sa.Column("owner_key", sa.String(300), primary_key=True),
        sa.Column("removed_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("owner_tombstones", "batches", "documents", "records"):
        op.drop_table(table)
    drop_runtime_tables(op)
