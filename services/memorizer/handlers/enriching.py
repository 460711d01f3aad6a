"""What a chat model adds, later: memories of messages, statements of passages.

A row is owed in the transaction that makes its source searchable; workers take rows one at a time,
each under a lease. A model that is down, too slow or over its rate makes everybody wait a growing
time and counts as no try; nonsense is tried a few times and then given up, and the status says so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from pydantic import JsonValue

from services.kernel.contracts.blocks import Passage
from services.kernel.contracts.errors import (
    DependencyUnavailable,
    InvalidInput,
    NotFound,
    QuotaExceeded,
)
from services.kernel.contracts.events import Event, MessagesRecorded, PassagesSegmented
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.outbox import Outbox
from services.kernel.runtime.policy import growing
from services.memorizer.domain import generated, prompts
from services.memorizer.domain.batches import Batch, statement_records
from services.memorizer.domain.extraction import MemoryDraft
from services.memorizer.handlers.asking import Asker
from services.memorizer.handlers.documents import indexed, worth_asking
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.messages import Messages
from services.memorizer.handlers.ports import (
    EnrichmentStore,
    ModelCount,
    RecordStore,
    Source,
    Work,
)

LEASE_MS: Final = 300_000
POLL_SECONDS: Final = 1.0
TRIES: Final = 3
# A row begun so often and never ended kills its process: it is given up unread.
MOST_BEGUN: Final = 8
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
_BLOB_LIMIT: Final = 512 << 20

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """What one try at a row gave: records written, texts without a usable answer, answers that
    the cache had, what to tell.
    """

    written: Sequence[MemoryRecord] = ()
    refused: int = 0
    cached: int = 0
    cause: str = ""
    event: PassagesSegmented | None = None
    told: tuple[Event, ...] = ()


class Enriching:
    """The background work; `work` is one worker."""

    def __init__(
        self,
        *,
        database: Database,
        records: RecordStore,
        store: EnrichmentStore,
        blobs: Blobs,
        writer: IndexWriter,
        messages: Messages,
        asker: Asker,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._database = database
        self._records = records
        self._store = store
        self._blobs = blobs
        self._writer = writer
        self._messages = messages
        self._asker = asker
        self._outbox = outbox
        self._clock = clock
        self._down = 0
        self._resume_at = 0

    async def work(self) -> None:
        """Until cancelled. Databases, blobs and index that are down are waited for."""
        async with self._database.write() as tx:
            await self._store.wake(tx, self._clock.now_ms())
        while True:
            try:
                found = await self.step()
            except DependencyUnavailable as error:
                _log.warning("enrichment.waiting", error=error.message)
                found = False
            if not found:
                await self._clock.sleep(POLL_SECONDS)

    async def step(self) -> bool:
        """Do one row; False where none is due now."""
        now = self._clock.now_ms()
        if now < self._resume_at:
            return False
        async with self._database.read() as tx:
            if not await self._store.waiting(tx):
                return False
        async with self._database.write() as tx:
            work = await self._store.claim(tx, now, now + LEASE_MS)
        if work is None:
            return False
        try:
            read = await self._do(work)
        except QuotaExceeded as error:
            await self._postpone(work, self._asker.tomorrow(), error.message, counted=False)
        except DependencyUnavailable as error:
            self._down += 1
            wait = int(growing(_FIRST_WAIT, _LONGEST_WAIT, self._down - 1) * 1000)
            self._resume_at = self._clock.now_ms() + wait
            await self._postpone(work, self._resume_at, error.message, counted=False)
        else:
            self._down = 0
            await self._settle(work, read)
        return True

    async def _do(self, work: Work) -> _Read:
        event = PassagesSegmented.model_validate_json(work.body) if work.document_id else None
        if work.failures > MOST_BEGUN:
            return _Read(refused=work.units, cause="begun too often", event=event)
        if event is not None:
            return await self._passages(work, event)
        return await self._said(MessagesRecorded.model_validate_json(work.body))

    async def _said(self, event: MessagesRecorded) -> _Read:
        source = Source(event.project_id, event.owner, event.recorded_at, sequence=event.sequence)
        if await self._is_gone(source):
            return _Read()
        try:
            answer = await self._asker.ask(prompts.facts(event), source)
        except InvalidInput as error:
            return _Read(refused=1, cause=error.message)

        def more(mine: MessagesRecorded) -> list[MemoryDraft]:
            kept = generated.facts(mine, answer.value).kept
            return [replace(draft, detail={**draft.detail, "answer": answer.key}) for draft in kept]

        written, done = await self._messages.remember(event, more)
        return _Read(written, cached=int(answer.cached), told=(done,))

    async def _passages(self, work: Work, event: PassagesSegmented) -> _Read:
        base = Owner(type=OwnerType.KNOWLEDGE_BASE, id=event.knowledgebase_id)
        source = Source(event.project_id, base, work.created_at, event)
        try:
            raw = await self._blobs.get(event.passages.path, limit=_BLOB_LIMIT)
        except NotFound:  # removed
            return _Read(event=event)
        batch = Batch.model_validate_json(raw)
        made: list[MemoryRecord] = []
        read = _Read(event=event)
        for passage in filter(worth_asking, batch.passages):
            if not await self._keep(work) or await self._is_gone(source):
                return _Read(event=event)
            read = await self._passage(event, passage, source, made, read)
        await self._write(source, made)
        return replace(read, written=made)

    async def _passage(
        self,
        event: PassagesSegmented,
        passage: Passage,
        source: Source,
        made: list[MemoryRecord],
        read: _Read,
    ) -> _Read:
        prompt = prompts.section(passage.title, passage.heading_path, passage.text)
        try:
            answer = await self._asker.ask(prompt, source)
        except InvalidInput as error:
            return replace(read, refused=read.refused + 1, cause=error.message)
        believed = generated.section(passage, answer.value)
        detail: dict[str, JsonValue] = {
            "generated": True,
            "answer": answer.key,
            "keywords": list(believed.keywords),
        }
        now = self._clock.now_ms()
        made += await asyncio.to_thread(
            statement_records, event, passage, believed.kept, detail, now
        )
        return replace(read, cached=read.cached + int(answer.cached))

    async def _write(self, source: Source, made: list[MemoryRecord]) -> None:
        async with self._database.write() as tx:
            if not await source.lock(tx, self._records):
                made.clear()
                return
            erased = await self._records.erased(
                tx, source.project_id, [record.id for record in made]
            )
            made[:] = [record for record in made if record.id not in erased]
            await self._records.put(tx, made)
        await self._writer.sync(made)

    async def _settle(self, work: Work, read: _Read) -> None:
        """Vouch for what was written; the row ends, or is tried again for what was refused."""
        again = read.refused > 0 and work.failures < TRIES
        async with self._database.write() as tx:
            await self._writer.vouch(tx, self._records, read.written)
            events = list(read.told)
            if again:
                wait = int(growing(_FIRST_WAIT, _LONGEST_WAIT, work.failures) * 1000)
                due = self._clock.now_ms() + wait
                await self._store.postpone(tx, work.id, due, read.cause, counted=True)
            elif await self._store.finish(tx, work.id) and read.event is not None:
                done = ModelCount(
                    cached=read.cached, refused=read.refused, memories=len(read.written)
                )
                events = await self._finished(tx, read.event, done)
            await self._outbox.add(tx, events)
        if read.refused:
            _log.warning("enrichment.refused", work=str(work.id), again=again, cause=read.cause)

    async def _finished(
        self, tx: Transaction, event: PassagesSegmented, done: ModelCount
    ) -> list[Event]:
        if await self._records.is_document_gone(tx, event):
            return []
        await self._store.count(tx, event.document_id, event.revision, done)
        count = await self._records.batches_done(tx, event)
        model = await self._store.counted(tx, event.document_id, event.revision)
        return [indexed(event, count, model)]

    async def _keep(self, work: Work) -> bool:
        async with self._database.write() as tx:
            return await self._store.lease(tx, work.id, self._clock.now_ms() + LEASE_MS)

    async def _postpone(self, work: Work, due_at: int, cause: str, *, counted: bool) -> None:
        _log.warning("enrichment.postponed", work=str(work.id), due_at=due_at, cause=cause)
        async with self._database.write() as tx:
            await self._store.postpone(tx, work.id, due_at, cause, counted=counted)

    async def _is_gone(self, source: Source) -> bool:
        async with self._database.read() as tx:
            return await source.is_gone(tx, self._records)
