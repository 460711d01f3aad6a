"""The tables that delivery needs in every service's own database.

A service declares its tables and these in one metadata, and its first migration makes both:

    # services/<name>/store/tables.py
    METADATA = MetaData()
    RUNTIME = runtime_tables(METADATA)
    MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
    THINGS = Table("things", METADATA, Column("id", String(36), primary_key=True), ...)

    # services/<name>/store/migrations/versions/0001_initial.py  (no __init__.py beside it)
    import sqlalchemy as sa
    from alembic import op
    from services.kernel.runtime.tables import create_runtime_tables, drop_runtime_tables

    revision = "0001"
    down_revision = None
    branch_labels = None
    depends_on = None

    def upgrade() -> None:
        create_runtime_tables(op)
        op.create_table("things", sa.Column("id", sa.String(36), primary_key=True), ...)

    def downgrade() -> None:
        op.drop_table("things")
        drop_runtime_tables(op)

    # services/<name>/app.py
    database = SqlDatabase(url, metadata=METADATA, migrations=MIGRATIONS)

A migration spells its columns out and does not import the service's tables: it is history.
`SqlDatabase.drift()` tells a test where the two differ.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

POSITION: Final = BigInteger().with_variant(Integer, "sqlite")


@dataclass(frozen=True, slots=True)
class RuntimeTables:
    """outbox: events committed with the state that they tell of, not published yet.
    leases: which relay works on which range of keys. inbox: events handled, by consumer group.
    attempts: handlings begun and not finished.
    """

    outbox: Table
    leases: Table
    inbox: Table
    attempts: Table

    @property
    def all(self) -> tuple[Table, ...]:
        """In order of creation."""
        return (self.outbox, self.leases, self.inbox, self.attempts)


def runtime_tables(metadata: MetaData) -> RuntimeTables:
    """Declare the runtime's tables in a service's metadata."""
    outbox = Table(
        "outbox",
        metadata,
        Column("position", POSITION, primary_key=True, autoincrement=True),
        Column("event_id", String(36), nullable=False),
        Column("topic", String(200), nullable=False),
        Column("key", String(500), nullable=False),
        Column("slot", Integer, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("headers", Text, nullable=False),
        Column("created_at", BigInteger, nullable=False),
        Column("due_at", BigInteger, nullable=False),
        Column("failures", Integer, nullable=False),
        Index("outbox_by_slot", "slot", "position"),
        Index("outbox_by_key", "key", "position"),
        # A position is never given twice, or a late delete could hit a newer row.
        sqlite_autoincrement=True,
    )
    leases = Table(
        "outbox_leases",
        metadata,
        Column("slot", Integer, primary_key=True, autoincrement=False),
        Column("owner", String(36), nullable=False),
        Column("until", BigInteger, nullable=False),
    )
    inbox = Table(
        "inbox",
        metadata,
        Column("consumer", String(100), primary_key=True),
        Column("event_id", String(36), primary_key=True),
        Column("handled_at", BigInteger, nullable=False),
        Index("inbox_by_age", "handled_at"),
    )
    attempts = Table(
        "attempts",
        metadata,
        Column("consumer", String(100), primary_key=True),
        Column("event_id", String(36), primary_key=True),
        Column("started", Integer, nullable=False),
        Column("last_at", BigInteger, nullable=False),
    )
    return RuntimeTables(outbox, leases, inbox, attempts)


RUNTIME: Final = runtime_tables(MetaData())


class Operations(Protocol):
    """What of `alembic.op` is needed here."""

    def get_bind(self) -> Connection:
        """The migration's connection."""
        ...


def create_runtime_tables(op: Operations) -> None:
    """For a service's first migration. A later change of these tables gets a function of its
    own, for a migration of its own.
    """
    for table in RUNTIME.all:
        table.create(op.get_bind())


def drop_runtime_tables(op: Operations) -> None:
    """The way back."""
    for table in reversed(RUNTIME.all):
        table.drop(op.get_bind())
