"""The memorizer's statements mean the same on both engines."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from services.kernel.contracts.events import DocumentRemoved
from services.kernel.contracts.records import MemoryRecord
from services.memorizer.store.tables import RECORDS
from tests.integration.memorizer.test_corrections import decided
from tests.property.memorizer.test_documents import IDENTITY, batches, parsed
from tests.property.memorizer.test_messages import SAID, recorded
from tests.support.memorizing import Memorizer, memorizer, said

pytestmark = pytest.mark.real


async def exported(service: Memorizer) -> list[dict[str, object]]:
    """Every row of the system of record."""
    async with service.database.read() as tx:
        rows = await tx.all(select(RECORDS).order_by(RECORDS.c.id))
    return [dict(row) for row in rows]


async def told(service: Memorizer) -> None:
    """Two revisions of a document, a conversation out of order, a chain of corrections; with
    repeats.
    """
    for revision, sections in ((1, 7), (2, 5)):
        for batch in await batches(service, await parsed(service, revision, sections)):
            await service.handle(batch)
            await service.handle(batch)
    for number in (*reversed(range(len(SAID))), 3, 0):
        await service.handle(recorded(number))
    for number, new, time in ((1, "100", 10), (3, "300", 30), (2, "200", 20), (1, "100", 10)):
        await service.handle(decided(number, new, time))


async def test_one_story_is_one_set_of_rows(tmp_path: Path) -> None:
    async with (
        memorizer(tmp_path) as embedded,
        memorizer(tmp_path, postgres=True) as on_server,
    ):
        for service in (embedded, on_server):
            await told(service)
        rows = await exported(embedded)
        assert len(rows) > 15
        assert await exported(on_server) == rows
        assert await on_server.indexed() == await embedded.indexed() == await said(on_server)
        removed = DocumentRemoved(**IDENTITY, revision=3, removed_at=1)
        for service in (embedded, on_server):
            await service.handle(removed)
        assert await exported(on_server) == await exported(embedded) != rows
        assert await on_server.indexed() == await said(on_server)


async def test_messages_at_once_end_as_one_after_another(tmp_path: Path) -> None:
    """Two workers on one user's attribute: the server's locks keep them apart."""
    async with (
        memorizer(tmp_path) as embedded,
        memorizer(tmp_path, postgres=True) as on_server,
    ):
        for number in range(len(SAID)):
            await embedded.handle(recorded(number))
        await asyncio.gather(*(on_server.handle(recorded(number)) for number in range(len(SAID))))

        def standing(rows: list[dict[str, object]]) -> list[tuple[str, str, str]]:
            bodies = [MemoryRecord.model_validate_json(str(row["body"])) for row in rows]
            return sorted((str(one.id), one.status.value, one.value) for one in bodies)

        assert standing(await exported(on_server)) == standing(await exported(embedded))
