"""Columns by which a subject's related memories are found; live generations; the model's work."""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PAGE = 500


def upgrade() -> None:
    op.add_column(
        "records", sa.Column("group_key", sa.String(32), nullable=False, server_default="")
    )
    op.add_column(
        "records", sa.Column("conversation_id", sa.String(200), nullable=False, server_default="")
    )
    op.add_column(
        "records", sa.Column("ends", sa.Boolean, nullable=False, server_default=sa.false())
    )
    _fill()
    op.create_index("records_by_group", "records", ["owner_key", "group_key"])
    op.create_index("records_by_talk", "records", ["owner_key", "conversation_id"])
    op.create_index("records_that_end", "records", ["owner_key", "ends"])
    op.create_table(
        "generations",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_table(
        "enrichments",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("owner_key", sa.String(300), nullable=False),
        sa.Column("document_id", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_index("enrichments_due", "enrichments", ["due_at"])
    op.create_index("enrichments_of_document", "enrichments", ["document_id"])
    op.create_index("enrichments_of_owner", "enrichments", ["project_id", "owner_key"])
    op.create_table(
        "enrichment_answers",
        sa.Column("project_id", sa.String(100), primary_key=True),
        sa.Column("content_hash", sa.String(64), primary_key=True),
        sa.Column("owner_key", sa.String(300), primary_key=True),
        sa.Column("document_id", sa.String(100), primary_key=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("answers_of_document", "enrichment_answers", ["document_id"])
    op.create_index("answers_of_owner", "enrichment_answers", ["project_id", "owner_key"])
    op.create_table(
        "enrichment_spending",
        sa.Column("project_id", sa.String(100), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "enrichment_counts",
        sa.Column("document_id", sa.String(100), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("cached", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("memories", sa.BigInteger, nullable=False),
    )


def _fill() -> None:
    """What the new columns say of the records that are there."""
    records = sa.table(
        "records",
        sa.column("owner_key", sa.String),
        sa.column("id", sa.String),
        sa.column("body", sa.Text),
        sa.column("group_key", sa.String),
        sa.column("conversation_id", sa.String),
        sa.column("ends", sa.Boolean),
    )
    connection = op.get_bind()
    after = ("", "")
    while True:
        rows = connection.execute(
            sa.select(records.c.owner_key, records.c.id, records.c.body)
            .where(sa.tuple_(records.c.owner_key, records.c.id) > after)
            .order_by(records.c.owner_key, records.c.id)
            .limit(_PAGE)
        ).all()
        for row in rows:
            body = orjson.loads(row.body)
            detail = body["detail"]
            content = str(detail.get("content") or body["value"])
            group = (
                f"{body['kind']}/{body['attribute']}"
                if body["attribute"]
                else f"{body['kind']}={content}"
            )
            connection.execute(
                records.update()
                .where(records.c.owner_key == row.owner_key, records.c.id == row.id)
                .values(
                    group_key=hashlib.sha256(group.encode()).hexdigest()[:32],
                    conversation_id=body["conversation_id"],
                    ends=bool(detail.get("ends")),
                )
            )
        if len(rows) < _PAGE:
            return
        after = (rows[-1].owner_key, rows[-1].id)


def downgrade() -> None:
    for table in (
        "enrichment_counts",
        "enrichment_spending",
        "enrichment_answers",
        "enrichments",
        "generations",
    ):
        op.drop_table(table)
    for index in ("records_by_group", "records_by_talk", "records_that_end"):
        op.drop_index(index, "records")
    for column in ("group_key", "conversation_id", "ends"):
        op.drop_column("records", column)
