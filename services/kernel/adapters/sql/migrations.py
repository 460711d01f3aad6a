"""Alembic, from code: one environment for every service, safe when several processes begin."""

import asyncio
import threading
from pathlib import Path
from typing import Final
from zlib import crc32

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, MetaData, text

from services.kernel.adapters.sql.errors import translated
from services.kernel.adapters.sql.postgres import begun, postgres_engine
from services.kernel.adapters.sql.sqlite import sqlite_engine

ENVIRONMENT: Final = Path(__file__).parents[1] / "sql_migrations"

# Alembic keeps its running environment in module globals: one migration at a time in a process.
_MIGRATING = threading.Lock()


def migrate(
    url: URL, *, metadata: MetaData, versions: Path, schema: str | None, revision: str, down: bool
) -> None:
    """Blocks: for a thread."""
    config = Config()
    config.set_main_option("script_location", _escaped(ENVIRONMENT))
    config.set_main_option("version_locations", _escaped(versions))
    config.set_main_option("path_separator", "os")
    config.attributes["metadata"] = metadata

    def work(connection: Connection) -> None:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)

    async def on_postgres() -> None:
        engine = postgres_engine(url, schema=schema, size=None)
        try:
            async with begun(engine) as connection:
                await connection.run_sync(_take_schema, schema)
                await connection.run_sync(work)
        finally:
            await engine.dispose()

    with _MIGRATING:
        if url.get_backend_name() == "postgresql":
            with translated():
                asyncio.run(on_postgres())
        else:
            engine = sqlite_engine(url, writes=True, size=None)
            # BEGIN IMMEDIATE is the lock: the second process finds the work done.
            with translated(), engine.begin() as connection:
                work(connection)
            engine.dispose()


def _take_schema(connection: Connection, schema: str | None) -> None:
    lock = crc32(f"memloom:{schema or 'public'}".encode())
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    if schema is not None:
        quoted = connection.dialect.identifier_preparer.quote(schema)
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {quoted}"))


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
