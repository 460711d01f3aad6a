"""Alembic, from code: one environment for every service, safe when several processes begin.

It takes a while to load, so it is only loaded where there is something to migrate.
"""

import asyncio
import re
import threading
from pathlib import Path
from typing import Final
from zlib import crc32

from sqlalchemy import URL, Connection, MetaData, inspect, text

from services.kernel.adapters.sql.errors import translated
from services.kernel.adapters.sql.postgres import begun, postgres_engine
from services.kernel.adapters.sql.sqlite import sqlite_engine

ENVIRONMENT: Final = Path(__file__).parents[1] / "sql_migrations"

_REVISION: Final = re.compile(r'^(down_)?revision\b[^=\n]*=\s*"([^"]+)"', re.MULTILINE)

# Alembic keeps its running environment in module globals: one migration at a time in a process.
_MIGRATING = threading.Lock()


def migrate(
    url: URL, *, metadata: MetaData, versions: Path, schema: str | None, revision: str, down: bool
) -> None:
    """Blocks: for a thread."""

    def work(connection: Connection) -> None:
        if revision == "head" and not down and _is_current(connection, versions, schema):
            return
        from alembic import command  # noqa: PLC0415 - see above
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config()
        config.set_main_option("script_location", _escaped(ENVIRONMENT))
        config.set_main_option("version_locations", _escaped(versions))
        config.set_main_option("path_separator", "os")
        config.attributes["metadata"] = metadata
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)

    async def on_postgres() -> None:
        engine = postgres_engine(url, schema=schema, pool=None)
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


def heads(versions: Path) -> set[str]:
    """The newest revisions of a folder of migrations: those that no other one builds upon."""
    names: set[str] = set()
    below: set[str] = set()
    for script in versions.glob("*.py"):
        for kind, name in _REVISION.findall(script.read_text(encoding="utf-8")):
            (below if kind else names).add(name)
    return names - below


def _is_current(connection: Connection, versions: Path, schema: str | None) -> bool:
    if not inspect(connection).has_table("alembic_version", schema=schema):
        return False
    rows = connection.execute(text("SELECT version_num FROM alembic_version"))
    found = {str(row[0]) for row in rows}
    return found != set() and found == heads(versions)


def _take_schema(connection: Connection, schema: str | None) -> None:
    lock = crc32(f"memloom:{schema or 'public'}".encode())
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
    if schema is not None:
        quoted = connection.dialect.identifier_preparer.quote(schema)
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {quoted}"))


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")
