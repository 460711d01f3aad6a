"""The gateway's tables. Times are epoch milliseconds."""

from pathlib import Path
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from services.kernel.runtime.tables import POSITION, runtime_tables

METADATA: Final = MetaData()
RUNTIME: Final = runtime_tables(METADATA)
MIGRATIONS: Final = Path(__file__).parent / "migrations" / "versions"

PROJECTS: Final = Table(
    "projects",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("plan", String(20), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("projects_by_name", "name", unique=True),
)

KEYS: Final = Table(
    "api_keys",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("hint", String(20), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("role", String(10), nullable=False, server_default="admin"),
    Column("operator", Boolean, nullable=False, server_default=false()),
    Column("expires_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("rotated_at", BigInteger),
    Column("previous_hash", String(64)),
    Column("previous_until", BigInteger),
    Index("api_keys_by_hash", "hash", unique=True),
    Index("api_keys_by_previous_hash", "previous_hash"),
    Index("api_keys_by_project", "project_id"),
)

AUDIT_LOG: Final = Table(
    "audit_log",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("project_id", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("key_name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("targets", Text, nullable=False),
    Column("result", String(10), nullable=False),
    Column("code", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("request_id", String(100), nullable=False),
    Column("address", String(100), nullable=False),
    Index("audit_log_by_project", "project_id", "position"),
    Index("audit_log_by_time", "at"),
    sqlite_autoincrement=True,
)

KNOWLEDGE_BASES: Final = Table(
    "knowledge_bases",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("unlinked_at", BigInteger),
    Index("knowledge_bases_by_project", "project_id"),
)

LINKS: Final = Table(
    "knowledge_base_links",
    METADATA,
    Column("project_id", String(64), primary_key=True),
    Column("knowledgebase_id", String(64), primary_key=True),
    Column("linked_at", BigInteger, nullable=False),
)

SHARES: Final = Table(
    "knowledge_base_shares",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("knowledgebase_id", String(64), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("project", String(200), nullable=False),
    Column("target_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger),
    Index("shares_by_project_named", "knowledgebase_id", "project", unique=True),
    Index("shares_by_target", "target_id", "knowledgebase_id"),
)

DOCUMENTS: Final = Table(
    "documents",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("knowledgebase_id", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("type", String(20), nullable=False),
    Column("url", Text, nullable=False),
    Column("staged_path", String(255), nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger),
    Column("purged_at", BigInteger),
    Column("duplicate_of", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("progress", Float, nullable=False),
    Column("error_code", Integer, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("size", BigInteger),
    Column("sha256", String(64), nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("pages", Integer),
    Column("passages", Integer),
    Column("memories", Integer),
    Column("memories_pending", Integer, nullable=False),
    Column("model_calls", Integer, nullable=False),
    Column("model_tokens", BigInteger, nullable=False),
    Column("queued_turn", BigInteger),
    Column("declared_type", String(200), nullable=False, server_default=""),
    Index("documents_by_id", "id", unique=True),
    Index("documents_by_knowledge_base", "knowledgebase_id", "deleted_at", "position"),
    Index("documents_by_content", "knowledgebase_id", "sha256"),
    Index("documents_by_purge", "project_id", "purged_at", "deleted_at"),
    Index("documents_by_change", "project_id", "updated_at"),
    Index("documents_by_movement", "outcome", "updated_at"),
    Index("documents_in_work", "project_id", "outcome", "queued_turn"),
    sqlite_autoincrement=True,
)

SENT_AGAIN: Final = Table(
    "sent_again",
    METADATA,
    Column("document_id", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("times", Integer, nullable=False),
)

MESSAGES: Final = Table(
    "messages",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("project_id", String(64), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("conversation_id", String(100), nullable=False),
    Column("message_id", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("chat_time", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("messages_by_id", "project_id", "owner", "conversation_id", "message_id", unique=True),
    Index("messages_by_conversation", "project_id", "owner", "conversation_id", "position"),
    sqlite_autoincrement=True,
)

TASKS: Final = Table(
    "tasks",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("tasks_by_time", "project_id", "created_at", "id"),
)

# A group message is one event a subject: a task has as many parts, and is done when all are.
TASK_PARTS: Final = Table(
    "task_parts",
    METADATA,
    Column("id", String(80), primary_key=True),
    Column("task_id", String(64), nullable=False),
    Column("status", String(20), nullable=False),
    Column("error_code", Integer, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("document_id", String(64)),
    Index("task_parts_by_task", "task_id"),
    Index("task_parts_by_document", "document_id"),
    Index("task_parts_by_change", "updated_at"),
)

FEEDBACKS: Final = Table(
    "feedbacks",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("task_id", String(64), nullable=False),
    Column("user_id", String(100), nullable=False),
    Column("conversation_id", String(100), nullable=False),
    Column("content", Text, nullable=False),
    Column("feedback_time", BigInteger, nullable=False),
    Column("knowledgebase_ids", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("feedbacks_by_user", "project_id", "user_id"),
)

CORRECTIONS: Final = Table(
    "corrections",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("knowledgebase_id", String(64), nullable=False),
    Column("feedback_id", String(64), nullable=False),
    Column("decision", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("corrections_by_id", "id", unique=True),
    Index("corrections_by_change", "project_id", "updated_at"),
    Index("corrections_by_knowledge_base", "knowledgebase_id", "position"),
    sqlite_autoincrement=True,
)

REMOVALS: Final = Table(
    "removals",
    METADATA,
    Column("task_id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("owner_type", String(20), nullable=False),
    Column("owner_id", String(100), nullable=False),
    Column("removed_at", BigInteger, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Index("removals_by_project", "project_id", "confirmed_at"),
)

# Receipts of deletions. waiting: parts whose purge is not confirmed. counts: JSON, by store.
DELETIONS: Final = Table(
    "deletions",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("subject_id", String(120), nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("counts", Text, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    Index("deletions_by_id", "id", unique=True),
    Index("deletions_by_project", "project_id", "position"),
    sqlite_autoincrement=True,
)

# What a deletion is made of; services: who has still to confirm, separated by spaces.
DELETION_PARTS: Final = Table(
    "deletion_parts",
    METADATA,
    Column("deletion_id", String(64), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("services", String(100), nullable=False),
    Index("deletion_parts_by_subject", "subject"),
)

# The last place given in the order of an owner's writes.
PLACES: Final = Table(
    "places",
    METADATA,
    Column("project_id", String(64), primary_key=True),
    Column("owner", String(120), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

REPEATS: Final = Table(
    "repeats",
    METADATA,
    Column("fingerprint", String(64), primary_key=True),
    Column("body", String(64), nullable=False),
    Column("holder", String(64), nullable=False),
    Column("answer", Text),
    Column("subjects", Text, nullable=False),
    Column("keyed", Boolean, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("repeats_by_expiry", "expires_at"),
)

# Which write touched a subject last: an answer is repeated only while its own write is the last.
WRITE_MARKS: Final = Table(
    "write_marks",
    METADATA,
    Column("subject", String(300), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("marked_at", BigInteger, nullable=False),
)

# What is left in the buckets of each key (`requests:<key>`, `tokens:<key>`), as of then.
RATES: Final = Table(
    "rates",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("rates_by_use", "updated_at"),
)

WEBHOOKS: Final = Table(
    "webhooks",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", String(100), nullable=False),
    Column("events", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("disabled_reason", Text, nullable=False),
    Index("webhooks_by_project", "project_id"),
)

DELIVERIES: Final = Table(
    "webhook_deliveries",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False),
    Column("webhook_id", String(64), nullable=False),
    Column("project_id", String(64), nullable=False),
    Column("event_type", String(50), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("status", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("answer_status", Integer),
    Column("error", Text, nullable=False),
    Column("ended_at", BigInteger),
    Column("leased_until", BigInteger),
    Index("webhook_deliveries_by_id", "id", unique=True),
    Index("webhook_deliveries_by_webhook", "webhook_id", "position"),
    Index("webhook_deliveries_due", "status", "next_at"),
    sqlite_autoincrement=True,
)

USAGE: Final = Table(
    "usage_by_day",
    METADATA,
    Column("project_id", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("metric", String(20), primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Index("usage_by_time", "day"),
)

PROFILE_TEMPLATES: Final = Table(
    "profile_templates",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("fields", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("profile_templates_by_project", "project_id", "created_at"),
)

PROFILES: Final = Table(
    "profiles",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project_id", String(64), nullable=False),
    Column("template_id", String(64), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("values", Text, nullable=False),
    Column("removed", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("profiles_by_owner", "project_id", "owner", "template_id", unique=True),
    Index("profiles_by_template", "template_id"),
)
