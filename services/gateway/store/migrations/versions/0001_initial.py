"""The gateway's first tables."""

import sqlalchemy as sa
from alembic import op

from services.kernel.runtime.tables import create_runtime_tables, drop_runtime_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    create_runtime_tables(op)
    op.create_table(
        "projects",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("plan", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("projects_by_name", "projects", ["name"], unique=True)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("hint", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_index("api_keys_by_hash", "api_keys", ["hash"], unique=True)
    op.create_index("api_keys_by_project", "api_keys", ["project_id"])
    op.create_table(
        "knowledge_bases",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
    )
    op.create_index("knowledge_bases_by_project", "knowledge_bases", ["project_id"])
    op.create_table(
        "knowledge_base_links",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("knowledgebase_id", sa.String(64), primary_key=True),
        sa.Column("linked_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "documents",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("knowledgebase_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("staged_path", sa.String(255), nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
        sa.Column("purged_at", sa.BigInteger),
        sa.Column("duplicate_of", sa.String(64), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("error_code", sa.Integer, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(200), nullable=False),
        sa.Column("pages", sa.Integer),
        sa.Column("passages", sa.Integer),
        sa.Column("memories", sa.Integer),
        sa.Column("memories_pending", sa.Integer, nullable=False),
        sa.Column("model_calls", sa.Integer, nullable=False),
        sa.Column("model_tokens", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("documents_by_content", "documents", ["knowledgebase_id", "sha256"])
    op.create_index("documents_by_id", "documents", ["id"], unique=True)
    op.create_index(
        "documents_by_knowledge_base", "documents", ["knowledgebase_id", "deleted_at", "position"]
    )
    op.create_index("documents_by_purge", "documents", ["project_id", "purged_at", "deleted_at"])
    op.create_table(
        "messages",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("conversation_id", sa.String(100), nullable=False),
        sa.Column("message_id", sa.String(100), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("chat_time", sa.BigInteger, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "messages_by_conversation",
        "messages",
        ["project_id", "owner", "conversation_id", "position"],
    )
    op.create_index(
        "messages_by_id",
        "messages",
        ["project_id", "owner", "conversation_id", "message_id"],
        unique=True,
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "task_parts",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("task_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("error_code", sa.Integer, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_index("task_parts_by_task", "task_parts", ["task_id"])
    op.create_table(
        "feedbacks",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("task_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(100), nullable=False),
        sa.Column("conversation_id", sa.String(100), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("feedback_time", sa.BigInteger, nullable=False),
        sa.Column("knowledgebase_ids", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("feedbacks_by_user", "feedbacks", ["project_id", "user_id"])
    op.create_table(
        "corrections",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("knowledgebase_id", sa.String(64), nullable=False),
        sa.Column("feedback_id", sa.String(64), nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("corrections_by_id", "corrections", ["id"], unique=True)
    op.create_index(
        "corrections_by_knowledge_base", "corrections", ["knowledgebase_id", "position"]
    )
    op.create_table(
        "removals",
        sa.Column("task_id", sa.String(64), primary_key=True),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("owner_type", sa.String(20), nullable=False),
        sa.Column("owner_id", sa.String(100), nullable=False),
        sa.Column("removed_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger),
    )
    op.create_index("removals_by_project", "removals", ["project_id", "confirmed_at"])
    op.create_table(
        "repeats",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("subjects", sa.Text, nullable=False),
        sa.Column("keyed", sa.Boolean, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("repeats_by_expiry", "repeats", ["expires_at"])
    op.create_table(
        "write_marks",
        sa.Column("subject", sa.String(300), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("marked_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("write_marks")
    op.drop_table("repeats")
    op.drop_table("removals")
    op.drop_table("corrections")
    op.drop_table("feedbacks")
    op.drop_table("task_parts")
    op.drop_table("tasks")
    op.drop_table("messages")
    op.drop_table("documents")
    op.drop_table("knowledge_base_links")
    op.drop_table("knowledge_bases")
    op.drop_table("api_keys")
    op.drop_table("projects")
    drop_runtime_tables(op)
