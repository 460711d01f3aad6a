"""The memorizer's handlers over a real database, with what the dispatcher would do around them."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.contracts.blocks import Block, BlockKind, ParsedDocument
from services.kernel.contracts.errors import InvalidInput, NotFound, StaleEvent
from services.kernel.contracts.events import Envelope, Event
from services.kernel.contracts.ids import derive
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import BlobInfo
from services.kernel.ports.generations import Generations
from services.kernel.ports.index import Identity, Index
from services.kernel.ports.models import ChatModel
from services.kernel.runtime.dispatch import Handler, Subscription
from services.kernel.runtime.outbox import Outbox
from services.memorizer.app import RuleSegmenter
from services.memorizer.handlers.asking import Asker
from services.memorizer.handlers.corrections import Corrections
from services.memorizer.handlers.documents import Documents
from services.memorizer.handlers.enriching import Enriching
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.messages import Messages
from services.memorizer.handlers.reconciling import Reconciling
from services.memorizer.handlers.records import RecordCommands
from services.memorizer.handlers.reindexing import LiveGenerations, Reindexing
from services.memorizer.handlers.restating import Restating
from services.memorizer.handlers.sweeping import Sweeper
from services.memorizer.settings import MemorizerSettings
from services.memorizer.store import (
    METADATA,
    MIGRATIONS,
    SqlEnrichmentStore,
    SqlGenerationStore,
    SqlRecordStore,
)
from services.memorizer.store.tables import RUNTIME
from services.memorizer.subscriptions import subscriptions
from tests.support.memory_index import MemoryIndex
from tests.support.sql import postgres_url

IDENTITY = Identity(encoder=LexicalBm25().identity)


class FixedClock:
    """Time that stands still unless told."""

    def __init__(self, now: int = 1_765_525_947_718) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000

    async def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1000)
        await asyncio.sleep(0)


class DictBlobs:
    """Blobs in a dictionary: what these handlers use of the port."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    async def put(
        self, path: str, chunks: AsyncIterable[bytes] | bytes, *, limit: int | None = None
    ) -> BlobInfo:
        if not isinstance(chunks, bytes):
            chunks = b"".join([chunk async for chunk in chunks])
        if limit is not None and len(chunks) > limit:
            raise InvalidInput("too large")
        self.blobs[path] = chunks
        return BlobInfo(path, len(chunks), hashlib.sha256(chunks).hexdigest())

    async def get(self, path: str, *, limit: int = 64 << 20) -> bytes:
        if path not in self.blobs:
            raise NotFound(path)
        return self.blobs[path][:limit]

    async def delete_prefix(self, prefix: str) -> int:
        gone = [path for path in self.blobs if path.startswith(prefix)]
        for path in gone:
            del self.blobs[path]
        return len(gone)


class Memorizer:
    """All handlers of the service, and a bus that only remembers what was emitted."""

    def __init__(
        self,
        database: SqlDatabase,
        *,
        batch_passages: int = 3,
        generations: Generations | None = None,
        chat: ChatModel | None = None,
        daily_tokens: int = 0,
    ) -> None:
        self.database = database
        self.clock = FixedClock()
        self.blobs = DictBlobs()
        self.index = MemoryIndex()
        index: Index = self.index if generations is None else generations.serving()
        self.store = SqlRecordStore()
        settings = MemorizerSettings(target_tokens=32, max_tokens=64)
        others = None
        if generations is not None:
            others = LiveGenerations(
                database=database,
                store=SqlGenerationStore(),
                generations=generations,
                identity=IDENTITY,
            )
        writer = IndexWriter(index=index, encoder=LexicalBm25(), others=others)
        self.reconciling = Reconciling(database=database, store=self.store, writer=writer)
        self.sweeper = Sweeper(database=database, store=self.store, writer=writer)
        if generations is not None:
            self.generations = generations
            self.reindexing = Reindexing(
                database=database,
                records=self.store,
                store=SqlGenerationStore(),
                generations=generations,
                identity=IDENTITY,
                writer=writer,
                clock=self.clock,
            )
        owed = SqlEnrichmentStore()
        shared = {"database": database, "store": self.store, "writer": writer}
        documents = Documents(
            database=database,
            restating=Restating(
                database=database,
                store=self.store,
                writer=writer,
                clock=self.clock,
                tokenise=LexicalBm25().tokens,
            ),
            store=self.store,
            blobs=self.blobs,  # type: ignore[arg-type] # a part of the port
            writer=writer,
            segmenter=RuleSegmenter(settings),
            clock=self.clock,
            batch_passages=batch_passages,
            owed=owed,
            asks_model=chat is not None,
        )
        messages = Messages(**shared, clock=self.clock, owed=owed, asks_model=chat is not None)  # type: ignore[arg-type] # typed above
        corrections = Corrections(**shared, clock=self.clock)  # type: ignore[arg-type] # as above
        self.commands = RecordCommands(**shared, clock=self.clock, owed=owed)  # type: ignore[arg-type] # as above
        self.owed = owed
        if chat is not None:
            self.enriching = Enriching(
                database=database,
                records=self.store,
                store=owed,
                blobs=self.blobs,  # type: ignore[arg-type] # a part of the port
                writer=writer,
                messages=messages,
                asker=Asker(
                    database=database,
                    records=self.store,
                    store=owed,
                    model=chat,
                    clock=self.clock,
                    daily_tokens=daily_tokens,
                ),
                outbox=Outbox(Service.MEMORIZER, clock=self.clock),
                clock=self.clock,
            )
        self.table: tuple[Subscription, ...] = subscriptions(documents, messages, corrections)

    def _handler(self, event: Event) -> Handler:
        for subscription in self.table:
            if type(event) in subscription.handlers:
                return subscription.handlers[type(event)]
        raise LookupError(event.TYPE)

    async def handle(self, event: Event) -> list[Event]:
        """As the dispatcher does: handler, then one transaction; stale is ignored."""
        envelope = Envelope.wrap(
            event, event_id=derive(event.model_dump_json()), time=self.clock.now, producer="test"
        )
        try:
            outcome = await self._handler(event)(event, envelope)
        except StaleEvent:
            return []
        emitted = list(outcome.events)
        if outcome.apply is not None:
            async with self.database.write() as tx:
                emitted += await outcome.apply(tx)
        return emitted

    async def indexed(self) -> dict[str, tuple[int, str]]:
        """What the index holds: id to revision and text."""
        found = list(self.index._points.values())
        return {
            str(point.record.id): (point.record.revision, point.record.value) for point in found
        }


async def sent(service: Memorizer) -> list[Event]:
    """What background work put into the outbox, in order."""
    async with service.database.read() as tx:
        rows = await tx.all(select(RUNTIME.outbox.c.value).order_by(RUNTIME.outbox.c.position))
    return [Envelope.model_validate_json(bytes(row["value"])).open() for row in rows]


async def said(service: Memorizer) -> dict[str, tuple[int, str]]:
    """What the index has to hold: the activated records."""
    found: dict[str, tuple[int, str]] = {}
    after = ("", "")
    while True:
        async with service.database.read() as tx:
            page = await service.store.all_activated(tx, after, 500)
        if not page:
            return found
        found |= {str(record.id): (record.revision, record.value) for record in page}
        after = (page[-1].owner.key, str(page[-1].id))


@asynccontextmanager
async def memorizer(
    folder: Path, *, postgres: bool = False, **options: Any
) -> AsyncIterator[Memorizer]:
    """A fresh one in `folder`, or in a schema of its own on the test server."""
    url = postgres_url() if postgres else f"sqlite+aiosqlite:///{folder / 'memorizer.db'}"
    schema = f"test_{uuid4().hex[:12]}" if postgres else None
    database = SqlDatabase(url, metadata=METADATA, migrations=MIGRATIONS, schema=schema)
    await database.migrate()
    try:
        yield Memorizer(database, **options)
    finally:
        await database.close()


def parsed_document(sections: int, title: str = "Rules") -> ParsedDocument:
    """A document of that many sections of one paragraph."""
    text = ""
    blocks: list[Block] = []

    def add(kind: BlockKind, content: str, path: tuple[str, ...], level: int = 0) -> None:
        nonlocal text
        start = len(text)
        text += content + "\n"
        blocks.append(
            Block(
                kind=kind,
                text=content,
                start=start,
                end=start + len(content),
                heading_path=path,
                level=level,
            )
        )

    for number in range(sections):
        path = (f"Part {number}",)
        add(BlockKind.HEADING, path[0], path, 1)
        words = " ".join(f"rule-{number}-{word} holds for everybody" for word in range(8))
        add(BlockKind.PARAGRAPH, f"In part {number}: {words}.", path)
    return ParsedDocument(title=title, text=text, blocks=tuple(blocks))
