"""Fault: kill -9 of the whole embedded pipeline while documents pass through it.

Lost 0, doubled 0: every document that the door committed has passed each service exactly once.
"""

import asyncio
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.kernel.adapters.sql import SqlDatabase
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.topics import Service
from services.kernel.runtime.outbox import Outbox
from tests.support.events import submitted
from tests.support.shared import ROOT
from tests.support.sql import RUNTIME, THINGS, migrated, sqlite_database

DOCUMENTS = 300
KILLS = 5


def _start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.support.pipeline_worker", str(folder)]
    return subprocess.Popen(  # noqa: S603 - our own module
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


async def _passed(database: SqlDatabase) -> int:
    async with database.read() as tx:
        row = await tx.first(select(func.count().label("n")).select_from(THINGS))
    assert row is not None
    return int(row["n"])


@pytest.mark.slow
async def test_every_document_passes_every_service_once(tmp_path: Path) -> None:
    outbox = Outbox(Service.GATEWAY, clock=SystemClock())
    chance = random.Random(11)  # noqa: S311 - seeded on purpose
    async with (
        migrated(sqlite_database(tmp_path, name="gateway.db")) as door,
        migrated(sqlite_database(tmp_path, name="ingest.db")) as ingest,
        migrated(sqlite_database(tmp_path, name="parser.db")) as parser,
    ):
        async with door.write() as tx:
            await outbox.add(tx, [submitted(f"d{n}") for n in range(DOCUMENTS)])
        process = _start(tmp_path)
        kills = 0
        deadline = time.monotonic() + 120
        try:
            while await _passed(parser) < DOCUMENTS:
                assert time.monotonic() < deadline, f"{await _passed(parser)} documents passed"
                before = await _passed(ingest)
                if kills < KILLS and before > kills * DOCUMENTS // 8:
                    await asyncio.sleep(chance.random() * 0.05)
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    kills += 1
                    process = _start(tmp_path)
                await asyncio.sleep(0.01)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0
        assert kills == KILLS
        for database in (ingest, parser):
            async with database.read() as tx:
                rows = await tx.all(select(THINGS))
                open_attempts = await tx.all(select(RUNTIME.attempts))
                unsent = await tx.all(select(RUNTIME.outbox))
            assert {row["id"] for row in rows} == {f"d{n}" for n in range(DOCUMENTS)}, "lost"
            assert {row["count"] for row in rows} == {1}, "doubled"
            assert open_attempts == []
            assert unsent == []
