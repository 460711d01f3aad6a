"""Indexes that find what changed in a project since a time."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("documents_by_change", "documents", ["project_id", "updated_at"])
    op.create_index("task_parts_by_change", "task_parts", ["updated_at"])
    op.create_index("corrections_by_change", "corrections", ["project_id", "updated_at"])


def downgrade() -> None:
    op.drop_index("corrections_by_change", "corrections")
    op.drop_index("task_parts_by_change", "task_parts")
    op.drop_index("documents_by_change", "documents")
