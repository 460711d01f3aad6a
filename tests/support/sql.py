"""Databases for tests: a table `things` beside the runtime's own, on either engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Column, Integer, MetaData, String, Table

from services.kernel.adapters.sql import SqlDatabase
from services.kernel.runtime.tables import runtime_tables
from tests.support.settings import real

METADATA = MetaData()
RUNTIME = runtime_tables(METADATA)
THINGS = Table(
    "things",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("count", Integer, nullable=False),
)
MIGRATIONS = Path(__file__).parent / "sql_migrations" / "versions"


def postgres_url() -> str:
    """Of the test server, for asyncpg; skips where there is none."""
    url = real("postgres_url")
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def sqlite_database(folder: Path, *, name: str = "test.db") -> SqlDatabase:
    """A file in `folder`, not migrated yet."""
    return SqlDatabase(
        f"sqlite+aiosqlite:///{folder / name}", metadata=METADATA, migrations=MIGRATIONS
    )


def postgres_database(*, schema: str | None = None) -> SqlDatabase:
    """A schema of its own on the test server, not migrated yet."""
    return SqlDatabase(
        postgres_url(),
        metadata=METADATA,
        migrations=MIGRATIONS,
        schema=schema or f"test_{uuid4().hex[:12]}",
    )


@asynccontextmanager
async def migrated(database: SqlDatabase) -> AsyncIterator[SqlDatabase]:
    """Migrated, and closed at the end."""
    await database.migrate()
    try:
        yield database
    finally:
        await database.close()
