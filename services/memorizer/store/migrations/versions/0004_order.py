"""Places in the gateway's order of writes, and whose words shared memories hold."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ORDERED = ("records", "owner_tombstones", "enrichments", "enrichment_answers")
_PAGE = 500


def upgrade() -> None:
    for table in _ORDERED:
        op.add_column(
            table, sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0")
        )
    op.add_column("records", sa.Column("author", sa.String(300), nullable=False, server_default=""))
    _fill()
    op.create_index("records_by_author", "records", ["project_id", "author"])


def downgrade() -> None:
    op.drop_index("records_by_author", "records")
    op.drop_column("records", "author")
    for table in reversed(_ORDERED):
        op.drop_column(table, "sequence")


def _fill() -> None:
    """Shared memories that were made from conversations, a page at a time."""
    connection = op.get_bind()
    records = sa.table(
        "records", *(sa.column(name) for name in ("owner_key", "id", "body", "author"))
    )
    shared = sa.or_(records.c.owner_key == "public:", records.c.owner_key.like("kb:%"))
    after = ("", "")
    while True:
        page = connection.execute(
            sa.select(records.c.owner_key, records.c.id, records.c.body)
            .where(shared, sa.tuple_(records.c.owner_key, records.c.id) > after)
            .order_by(records.c.owner_key, records.c.id)
            .limit(_PAGE)
        ).all()
        if not page:
            return
        after = (page[-1].owner_key, page[-1].id)
        for row in page:
            body = json.loads(row.body)
            user, agent = body.get("user_id"), body.get("agent_id")
            author = f"user:{user}" if user else f"agent:{agent}" if agent else ""
            if author:
                connection.execute(
                    sa.update(records)
                    .where(records.c.owner_key == row.owner_key, records.c.id == row.id)
                    .values(author=author)
                )
