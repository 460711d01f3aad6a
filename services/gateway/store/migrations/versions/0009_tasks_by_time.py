"""An index that lists a project's tasks by time."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("tasks_by_time", "tasks", ["project_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("tasks_by_time", "tasks")
