"""The parser's tables."""

from pathlib import Path

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from services.kernel.runtime.tables import runtime_tables

METADATA = MetaData()
RUNTIME = runtime_tables(METADATA)
MIGRATIONS = Path(__file__).parent / "migrations" / "versions"

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("document_id", String(100), primary_key=True),
    Column("project_id", String(100), nullable=False),
    Column("knowledgebase_id", String(100), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("characters", BigInteger),
    Column("milliseconds", BigInteger),
    Column("removed_at", BigInteger),
)

OWNER_TOMBSTONES = Table(
    "owner_tombstones",
    METADATA,
    Column("project_id", String(100), primary_key=True),
    Column("knowledgebase_id", String(100), primary_key=True),
    Column("removed_at", BigInteger, nullable=False),
)
