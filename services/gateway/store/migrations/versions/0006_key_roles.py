"""Roles, expiry, rotation and last use of keys; the audit log. Older keys have the role admin."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_TIMES = ("expires_at", "last_used_at", "rotated_at", "previous_until")


def upgrade() -> None:
    op.add_column(
        "api_keys", sa.Column("role", sa.String(10), nullable=False, server_default="admin")
    )
    op.add_column(
        "api_keys", sa.Column("operator", sa.Boolean, nullable=False, server_default=sa.false())
    )
    for name in _TIMES:
        op.add_column("api_keys", sa.Column(name, sa.BigInteger))
    op.add_column("api_keys", sa.Column("previous_hash", sa.String(64)))
    op.create_index("api_keys_by_previous_hash", "api_keys", ["previous_hash"])
    op.create_table(
        "audit_log",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("key_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("operation", sa.String(100), nullable=False),
        sa.Column("targets", sa.Text, nullable=False),
        sa.Column("result", sa.String(10), nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("request_id", sa.String(100), nullable=False),
        sa.Column("address", sa.String(100), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_log_by_project", "audit_log", ["project_id", "position"])
    op.create_index("audit_log_by_time", "audit_log", ["at"])


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_index("api_keys_by_previous_hash", "api_keys")
    for name in ("role", "operator", *_TIMES, "previous_hash"):
        op.drop_column("api_keys", name)
