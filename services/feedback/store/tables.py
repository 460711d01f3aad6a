"""Feedback's tables."""

from pathlib import Path

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from services.kernel.runtime.tables import runtime_tables

METADATA = MetaData()
RUNTIME = runtime_tables(METADATA)
MIGRATIONS = Path(__file__).parent / "migrations" / "versions"

DECIDED = Table(
    "decided",
    METADATA,
    Column("project_id", String(100), primary_key=True),
    Column("feedback_id", String(100), primary_key=True),
    Column("decisions", Integer, nullable=False),
    Column("method", String(20), nullable=False),
    Column("given_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
)
