"""Migrations are loaded where there is something to migrate, and only there."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from services.gateway.store import METADATA, MIGRATIONS
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.adapters.sql.migrations import ENVIRONMENT, heads
from tests.support.shared import ROOT
from tests.support.sql import postgres_url

FOLDERS = sorted(ROOT.glob("services/*/store/migrations/versions"))

START = """
import asyncio, sys
from pathlib import Path
from services.gateway.store import METADATA, MIGRATIONS
from services.kernel.adapters.sql import SqlDatabase

async def main():
    database = SqlDatabase(sys.argv[1], metadata=METADATA, migrations=MIGRATIONS)
    await database.migrate()
    await database.check()
    await database.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parts[-4])
def test_the_newest_revision_is_the_one_that_alembic_finds(folder: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "os")
    assert heads(folder) == set(ScriptDirectory.from_config(config).get_heads())


@pytest.mark.real
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parts[-4])
async def test_every_schema_is_made_taken_back_and_made_again_on_the_server(folder: Path) -> None:
    store = import_module(f"services.{folder.parts[-4]}.store")
    database = SqlDatabase(
        postgres_url(),
        metadata=store.METADATA,
        migrations=store.MIGRATIONS,
        schema=f"test_{uuid4().hex[:12]}",
    )
    await database.migrate()
    await database.check()
    assert await database.drift() == []
    await database.downgrade("base")
    assert await database.drift() != []
    await database.migrate()
    assert await database.drift() == []
    await database.close()


def started(url: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", START, url], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


async def test_a_current_database_starts_without_loading_them(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}"
    assert started(url) == "True"
    assert started(url) == "False"
    database = SqlDatabase(url, metadata=METADATA, migrations=MIGRATIONS)
    assert await database.drift() == []
    # One behind the newest is not current.
    await database.downgrade("0001")
    assert await database.drift() != []
    assert started(url) == "True"
    assert await database.drift() == []
    await database.close()
