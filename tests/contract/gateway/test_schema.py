"""The migrations make the tables that the statements are written for."""

from pathlib import Path

from services.gateway.store import METADATA, MIGRATIONS
from services.kernel.adapters.sql import SqlDatabase


async def test_migrations_and_tables_are_one(tmp_path: Path) -> None:
    database = SqlDatabase(
        f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}", metadata=METADATA, migrations=MIGRATIONS
    )
    await database.migrate()
    assert await database.drift() == []
    await database.downgrade()
    await database.migrate()
    assert await database.drift() == []
    await database.close()
