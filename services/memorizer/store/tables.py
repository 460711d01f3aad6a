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
    PrimaryKeyConstraint("owner_key", "id", name="records_pk"),
    Index("records_by_id", "id"),
    Index("records_by_owner", "project_id", "owner_key", "kind", "status"),
    Index("records_by_document", "document_id"),
    Index("records_not_indexed", "indexed"),
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
)
