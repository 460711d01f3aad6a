"""What the gateway's statements share."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from services.kernel.ports.store import Transaction


def upsert(tx: Transaction, table: Table) -> Any:
    """An INSERT of this database that knows ON CONFLICT."""
    return postgresql.insert(table) if tx.dialect == "postgresql" else sqlite.insert(table)
