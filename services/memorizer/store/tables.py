"""The memorizer's tables: records are its system of record."""

from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
)

from services.kernel.runtime.tables import runtime_tables

METADATA = MetaData()
RUNTIME = runtime_tables(METADATA)
MIGRATIONS = Path(__file__).parent / "migrations" / "versions"

RECORDS = Table(
    "records",
    METADATA,
    Column("owner_key", String(300), nullable=False),
    Column("id", String(36), nullable=False),
    Column("project_id", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("document_id", String(100), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("anchor_revision", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("indexed", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    # What a newer statement may replace (`domain.related`), and whether it ends others.
    Column("group_key", String(32), nullable=False, server_default=""),
    Column("conversation_id", String(200), nullable=False, server_default=""),
    Column("ends", Boolean, nullable=False, server_default=false()),
    # Place in the gateway's order of writes; and whose words a shared memory holds.
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Column("author", String(300), nullable=False, server_default=""),
    PrimaryKeyConstraint("owner_key", "id", name="records_pk"),
    Index("records_by_id", "id"),
    Index("records_by_owner", "project_id", "owner_key", "kind", "status"),
    Index("records_by_document", "document_id"),
    Index("records_not_indexed", "indexed"),
    Index("records_by_group", "owner_key", "group_key"),
    Index("records_by_talk", "owner_key", "conversation_id"),
    Index("records_that_end", "owner_key", "ends"),
    Index("records_by_author", "project_id", "author"),
    # Owners are the unit of isolation and of growth: eight hash partitions on PostgreSQL.
    postgresql_partition_by="HASH (owner_key)",
)

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("document_id", String(100), primary_key=True),
    Column("project_id", String(100), nullable=False),
    Column("knowledgebase_id", String(100), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("removed_at", BigInteger),
)

BATCHES = Table(
    "batches",
    METADATA,
    Column("document_id", String(100), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("batch", Integer, primary_key=True),
    Column("passages", Integer, nullable=False),
    Column("memories", Integer, nullable=False),
)

OWNER_TOMBSTONES = Table(
    "owner_tombstones",
    METADATA,
    Column("project_id", String(100), primary_key=True),
    Column("owner_key", String(300), primary_key=True),
    Column("removed_at", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
)

# Messages that were edited: what an older version of one says is not read any more.
MESSAGE_VERSIONS = Table(
    "message_versions",
    METADATA,
    Column("project_id", String(100), primary_key=True),
    Column("owner_key", String(300), primary_key=True),
    Column("conversation_id", String(200), primary_key=True),
    Column("message_id", String(100), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

# Every generation of the index that this service filled. state: `filling`, `serving`, `kept`
# (served before, still written) or `dropped`.
GENERATIONS = Table(
    "generations",
    METADATA,
    Column("name", String(20), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("error", Text, nullable=False),
)

# Work that the chat model still owes; `due_at` is also the lease of whoever does it.
ENRICHMENTS = Table(
    "enrichments",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(100), nullable=False),
    Column("owner_key", String(300), nullable=False),
    Column("document_id", String(100), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("units", Integer, nullable=False, server_default="1"),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Index("enrichments_due", "due_at"),
    Index("enrichments_of_document", "document_id"),
    Index("enrichments_of_owner", "project_id", "owner_key"),
)

# What the model said to a content, once for each source that has it: forgotten with its source.
ANSWERS = Table(
    "enrichment_answers",
    METADATA,
    Column("project_id", String(100), primary_key=True),
    Column("content_hash", String(64), primary_key=True),
    Column("owner_key", String(300), primary_key=True),
    Column("document_id", String(100), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    Index("answers_of_document", "document_id"),
    Index("answers_of_owner", "project_id", "owner_key"),
)

SPENDING = Table(
    "enrichment_spending",
    METADATA,
    Column("project_id", String(100), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)

COUNTS = Table(
    "enrichment_counts",
    METADATA,
    Column("document_id", String(100), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("cached", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("memories", BigInteger, nullable=False),
)
