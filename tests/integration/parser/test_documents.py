"""The handlers over a real database, real blobs and real readers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from services.kernel.adapters.filesystem_blobs import FilesystemBlobs
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.contracts.errors import Code, InvalidInput, MemloomError, StaleEvent
from services.kernel.contracts.events import (
    BlobRef,
    DocumentParsed,
    DocumentProgressed,
    DocumentRemoved,
    DocumentStored,
    DocumentSubmitted,
    Envelope,
    Event,
    OwnerRemoved,
)
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.runtime.dispatch import Outcome
from services.kernel.runtime.lifecycle import ServiceParts
from services.parser.app import build
from services.parser.settings import ParserSettings
from services.parser.store import METADATA, MIGRATIONS
from tests.support.clock import ManualClock

WHERE = {"project_id": "p1", "knowledgebase_id": "kb1", "document_id": "d1"}
FOLDER = "parsed/p1/kb1/d1/"


@dataclass
class World:
    parts: ServiceParts
    database: SqlDatabase
    blobs: FilesystemBlobs

    async def store(
        self, data: bytes, *, media_type: str = "text/markdown", revision: int = 1
    ) -> DocumentStored:
        info = await self.blobs.put(f"originals/p1/kb1/d1/r{revision}", data)
        return DocumentStored(
            **WHERE,
            revision=revision,
            name="policy.md",
            original=BlobRef(path=info.path, size=info.size, sha256=info.sha256),
            media_type=media_type,
            tags=("finance",),
        )

    async def handle(self, event: Event) -> list[Event]:
        """As dispatch does: the handler, then its outcome in one transaction."""
        for subscription in self.parts.subscriptions:
            handler = subscription.handlers.get(type(event))
            if handler is None:
                continue
            envelope = Envelope.wrap(event, event_id=uuid4(), time=1, producer="test")
            return await self.settle(await handler(event, envelope))
        raise AssertionError(f"nobody handles {event.TYPE}")

    async def settle(self, outcome: Outcome) -> list[Event]:
        events = list(outcome.events)
        if outcome.apply is not None:
            async with self.database.write() as tx:
                events += await outcome.apply(tx)
        return events

    async def fail(self, event: Event, error: MemloomError) -> list[Event]:
        failure = self.parts.subscriptions[0].on_failure
        assert failure is not None
        return await self.settle(await failure(event, error))

    async def parsed(self) -> list[str]:
        return [path async for path in self.blobs.list(FOLDER)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = SqlDatabase(
        f"sqlite+aiosqlite:///{tmp_path / 'parser.db'}", metadata=METADATA, migrations=MIGRATIONS
    )
    await database.migrate()
    assert await database.drift() == []
    blobs = FilesystemBlobs(tmp_path / "blobs")
    parts = build(ParserSettings(workers=1), database=database, blobs=blobs, clock=ManualClock())
    yield World(parts, database, blobs)
    for close in parts.close:
        await close()
    await database.close()


async def test_a_stored_document_becomes_a_parsed_blob(world: World) -> None:
    event = await world.store("# 制度\n\n## 总则\n\n上限为800元。\n".encode())
    parsed, progressed = await world.handle(event)
    assert isinstance(parsed, DocumentParsed)
    assert (parsed.title, parsed.tags, parsed.name) == ("制度", ("finance",), "policy.md")
    document = ParsedDocument.model_validate_json(await world.blobs.get(parsed.parsed.path))
    assert document.blocks[-1].text == "上限为800元。"
    assert parsed.characters == len(document.text)
    assert isinstance(progressed, DocumentProgressed)
    assert (progressed.stage, progressed.outcome, progressed.progress) == ("parsed", "running", 1.0)


async def test_a_repeat_ends_in_the_same_blob(world: World) -> None:
    event = await world.store(b"# T\n\ntext\n")
    first = await world.handle(event)
    assert await world.handle(event) == first
    assert await world.parsed() == [f"{FOLDER}r1.json"]


async def test_an_older_revision_is_stale(world: World) -> None:
    old = await world.store(b"# T\n\nold\n")
    await world.handle(await world.store(b"# T\n\nnew\n", revision=2))
    with pytest.raises(StaleEvent):
        await world.handle(old)


async def test_a_bad_document_fails_with_its_code(world: World) -> None:
    event = await world.store(b"{broken", media_type="application/json")
    with pytest.raises(InvalidInput) as caught:
        await world.handle(event)
    (failed,) = await world.fail(event, caught.value)
    assert isinstance(failed, DocumentProgressed)
    assert (failed.stage, failed.outcome) == ("parsed", "failed")
    assert failed.error_code == Code.CORRUPT
    assert failed.error_message
    assert await world.parsed() == []


async def test_removal_takes_the_blobs_and_nothing_late_revives_them(world: World) -> None:
    event = await world.store(b"# T\n\ntext\n")
    await world.handle(event)
    await world.handle(DocumentRemoved(**WHERE, removed_at=5))
    assert await world.parsed() == []
    with pytest.raises(StaleEvent):
        await world.handle(event)
    assert await world.parsed() == []


async def test_removal_before_the_document_was_ever_seen(world: World) -> None:
    await world.handle(DocumentRemoved(**WHERE, removed_at=5))
    with pytest.raises(StaleEvent):
        await world.handle(await world.store(b"# T\n\ntext\n"))


async def test_removal_while_it_is_parsed_leaves_no_blob(world: World) -> None:
    event = await world.store(b"# T\n\ntext\n")
    handler = world.parts.subscriptions[0].handlers[DocumentStored]
    envelope = Envelope.wrap(event, event_id=uuid4(), time=1, producer="test")
    outcome = await handler(event, envelope)
    await world.handle(DocumentRemoved(**WHERE, removed_at=5))
    assert await world.settle(outcome) == []
    assert await world.parsed() == []


async def test_a_removed_knowledge_base_takes_its_documents(world: World) -> None:
    event = await world.store(b"# T\n\ntext\n")
    await world.handle(event)
    owner = Owner(type=OwnerType.KNOWLEDGE_BASE, id="kb1")
    await world.handle(OwnerRemoved(project_id="p1", owner=owner, removed_at=5))
    assert await world.parsed() == []
    with pytest.raises(StaleEvent):
        await world.handle(event)


async def test_a_removed_user_owns_no_documents(world: World) -> None:
    await world.handle(await world.store(b"# T\n\ntext\n"))
    owner = Owner(type=OwnerType.USER, id="u1")
    await world.handle(OwnerRemoved(project_id="p1", owner=owner, removed_at=5))
    assert await world.parsed() == [f"{FOLDER}r1.json"]


async def test_an_original_that_is_gone_is_the_documents_fault(world: World) -> None:
    event = await world.store(b"# T\n\ntext\n")
    await world.blobs.delete(event.original.path)
    with pytest.raises(InvalidInput) as caught:
        await world.handle(event)
    assert caught.value.code is Code.NOT_FETCHED


async def test_other_events_of_the_topic_are_nobodys(world: World) -> None:
    assert all(
        DocumentSubmitted not in subscription.handlers for subscription in world.parts.subscriptions
    )


async def test_it_says_when_it_is_ready(world: World) -> None:
    for check in world.parts.checks.values():
        await check()
