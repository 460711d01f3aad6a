"""From a parsed document to passages in the index, batch by batch; and their removal."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import orjson

from services.kernel.contracts.blocks import ParsedDocument, Passage
from services.kernel.contracts.errors import Code, InvalidInput, MemloomError, StaleEvent
from services.kernel.contracts.events import (
    BlobRef,
    DeletionProgressed,
    DocumentIdentity,
    DocumentParsed,
    DocumentProgressed,
    DocumentRemoved,
    Envelope,
    Event,
    OwnerRemoved,
    PassagesSegmented,
    TaskProgressed,
    document_subject,
    owner_subject,
)
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import (
    Kind,
    MemoryRecord,
    Owner,
    OwnerType,
)
from services.kernel.contracts.scope import RemovedOwner, Scope
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.dispatch import Outcome
from services.memorizer.domain.batches import (
    Batch,
    Summary,
    passage_record,
    skill_record,
    summary_record,
)
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import (
    BatchCount,
    EnrichmentStore,
    ModelCount,
    RecordStore,
    Work,
)
from services.memorizer.handlers.restating import Restating

_PARSED_LIMIT = 512 << 20
# Characters; a shorter passage is a statement already.
_SHORTEST_ASKED = 60


class Segmenter(Protocol):
    """The pure rules, as the composition root hands them in with their settings."""

    def segment(self, parsed: ParsedDocument, document_name: str) -> list[Passage]:
        """Passages in reading order."""
        ...

    def summarise(
        self, parsed: ParsedDocument, passages: Sequence[Passage]
    ) -> tuple[list[Summary], tuple[str, ...]]:
        """Processed memories of the document, and its keywords."""
        ...


def passage_prefix(event: DocumentIdentity) -> str:
    """Folder of all batch blobs of a document."""
    return f"passages/{event.project_id}/{event.knowledgebase_id}/{event.document_id}/"


class Documents:
    """Handlers of the document topics."""

    def __init__(
        self,
        *,
        database: Database,
        store: RecordStore,
        blobs: Blobs,
        writer: IndexWriter,
        segmenter: Segmenter,
        clock: Clock,
        batch_passages: int,
        owed: EnrichmentStore,
        restating: Restating,
        asks_model: bool = False,
    ) -> None:
        self._restating = restating
        self._database = database
        self._store = store
        self._blobs = blobs
        self._writer = writer
        self._segmenter = segmenter
        self._clock = clock
        self._batch_passages = batch_passages
        self._owed = owed
        self._asks_model = asks_model

    async def on_parsed(self, event: Event, _: Envelope) -> Outcome:
        """Segment once; each batch becomes an event of its own."""
        assert isinstance(event, DocumentParsed)  # noqa: S101 - the table routes by type
        await self._refuse_gone(event)
        raw = await self._blobs.get(event.parsed.path, limit=_PARSED_LIMIT)
        batches, passages = await asyncio.to_thread(self._segment, raw, event.name)
        references = []
        for number, content in enumerate(batches):
            path = f"{passage_prefix(event)}r{event.revision}-{number}.json"
            stored = await self._blobs.put(path, content)
            references.append(BlobRef(path=path, size=stored.size, sha256=stored.sha256))
        identity = event.model_dump(include=set(DocumentIdentity.model_fields))
        events: list[Event] = [
            PassagesSegmented(
                **identity,
                name=event.name,
                passages=reference,
                batch=number,
                batches=len(references),
                pages=event.pages,
                total_passages=passages,
                tags=event.tags,
            )
            for number, reference in enumerate(references)
        ]
        events.append(
            DocumentProgressed(
                **identity, stage="segmented", progress=1.0, pages=event.pages, passages=passages
            )
        )

        async def apply(tx: Transaction) -> Sequence[Event]:
            if await self._store.is_document_gone(tx, event):
                return ()
            await self._store.see_revision(tx, event)
            return events

        return Outcome(apply=apply)

    def _segment(self, raw: bytes, name: str) -> tuple[list[bytes], int]:
        parsed = ParsedDocument.model_validate_json(raw)
        if parsed.skill is not None:
            alone = Batch(title=parsed.title, skill=parsed.skill, text=parsed.text)
            return [orjson.dumps(alone.model_dump(mode="json"))], 0
        passages = self._segmenter.segment(parsed, name)
        if not passages:
            raise InvalidInput("the document holds no text", code=Code.NO_TEXT)
        summaries, keywords = self._segmenter.summarise(parsed, passages)
        batches = []
        for start in range(0, len(passages), self._batch_passages):
            batch = Batch(
                title=parsed.title,
                passages=tuple(passages[start : start + self._batch_passages]),
                summaries=tuple(summaries) if start == 0 else (),
                keywords=keywords,
            )
            batches.append(orjson.dumps(batch.model_dump(mode="json")))
        return batches, len(passages)

    async def on_segmented(self, event: Event, _: Envelope) -> Outcome:
        """Records, then the index, then one transaction that reads the tombstone again."""
        assert isinstance(event, PassagesSegmented)  # noqa: S101 - the table routes by type
        await self._refuse_gone(event)
        raw = await self._blobs.get(event.passages.path, limit=_PARSED_LIMIT)
        records = await asyncio.to_thread(self._records, raw, event)
        async with self._database.write() as tx:
            if await self._store.is_document_gone(tx, event):
                raise StaleEvent("the document was removed", tell=(_ignored(event),))
            await self._store.see_revision(tx, event)
            erased = await self._store.erased(
                tx, event.project_id, [record.id for record in records]
            )
            records = [record for record in records if record.id not in erased]
            await self._store.put(tx, records)
        await self._writer.sync(records)
        last = event.batch + 1 == event.batches
        await self._restating.on_passages(event, records, last=last)
        passages = sum(1 for record in records if record.kind is Kind.PASSAGE)

        async def apply(tx: Transaction) -> Sequence[Event]:
            if await self._store.is_document_gone(tx, event):
                ids = await self._store.erase_document(
                    tx, event.project_id, event.document_id, below_revision=event.revision + 1
                )
                await self._writer.remove([record.id for record in records] + ids)
                return ()
            await self._writer.vouch(tx, self._store, records)
            units = sum(1 for record in records if worth_asking(record))
            if self._asks_model and units:
                await self._owed.owe(tx, _work(event, units, self._clock.now_ms()))
            return await self._progress(tx, event, passages, len(records) - passages)

        return Outcome(apply=apply)

    def _records(self, raw: bytes, event: PassagesSegmented) -> list[MemoryRecord]:
        batch = Batch.model_validate_json(raw)
        now = self._clock.now_ms()
        records = [passage_record(event, batch, passage, now) for passage in batch.passages]
        records += [
            summary_record(event, batch, summary, number, now)
            for number, summary in enumerate(batch.summaries)
        ]
        if batch.skill is not None:
            records.append(skill_record(event, batch, batch.skill, now))
        return records

    async def _progress(
        self, tx: Transaction, event: PassagesSegmented, passages: int, memories: int
    ) -> list[Event]:
        count = await self._store.finish_batch(tx, event, event.batch, passages, memories)
        complete = count.done >= event.batches
        if complete and event.revision > 1:
            stale = await self._store.erase_document(
                tx, event.project_id, event.document_id, below_revision=event.revision
            )
            await self._writer.remove(stale)
        model = await self._owed.counted(tx, event.document_id, event.revision)
        return [indexed(event, count, model)]

    async def on_removed(self, event: Event, _: Envelope) -> Outcome:
        """Tombstone, rows, points, blobs; the last event is the receipt."""
        assert isinstance(event, DocumentRemoved)  # noqa: S101 - the table routes by type
        base = Owner(type=OwnerType.KNOWLEDGE_BASE, id=event.knowledgebase_id)
        async with self._database.write() as tx:
            await self._store.lock_owner(tx, event.project_id, base)
            await self._store.bury_document(tx, event)
            answers = await self._owed.forget_document(tx, event.document_id)
            ids = await self._store.erase_document(
                tx, event.project_id, event.document_id, below_revision=None
            )
            changes = await self._restating.forget(tx, event)
        await self._restating.settle(changes)
        points = await self._writer.purge(
            ids, Scope(project_id=event.project_id).document(event.document_id)
        )
        blobs = await self._blobs.delete_prefix(passage_prefix(event))
        told = DeletionProgressed(
            project_id=event.project_id,
            subject=document_subject(event.document_id),
            service=Service.MEMORIZER,
            deletion_id=event.deletion_id,
            counts={
                "records": len(ids),
                "index_points": points,
                "passages": blobs,
                "model_answers": answers,
            },
        )
        receipt = DocumentProgressed(
            **event.model_dump(include=set(DocumentIdentity.model_fields)),
            stage="removed",
            outcome="deleted",
            progress=1.0,
        )
        return Outcome(events=(receipt, told))

    async def on_owner_removed(self, event: Event, _: Envelope) -> Outcome:
        """All that a user had up to then; a knowledge base never comes back."""
        assert isinstance(event, OwnerRemoved)  # noqa: S101 - the table routes by type
        scope = Scope(project_id=event.project_id)
        gone = RemovedOwner(owner=event.owner, removed_at=event.removed_at, sequence=event.sequence)
        until = None if event.is_knowledge_base else gone
        async with self._database.write() as tx:
            await self._store.lock_owner(tx, event.project_id, event.owner)
            await self._store.bury_owner(tx, event)
            answers = await self._owed.forget_owner(tx, event.project_id, event.owner, until)
            ids = await self._store.erase_owner(tx, event.project_id, event.owner, until)
        covered = (scope.owner(event.owner),) if until is None else scope.removed(until)
        points = await self._writer.purge(ids, *covered)
        blobs = 0
        if event.is_knowledge_base:
            blobs = await self._blobs.delete_prefix(
                f"passages/{event.project_id}/{event.owner.id}/"
            )
        told = DeletionProgressed(
            project_id=event.project_id,
            subject=owner_subject(event.owner),
            service=Service.MEMORIZER,
            deletion_id=event.deletion_id,
            counts={
                "records": len(ids),
                "index_points": points,
                "passages": blobs,
                "model_answers": answers,
            },
        )
        if not event.task_id:
            return Outcome(events=(told,))
        done = TaskProgressed(
            project_id=event.project_id, task_id=event.task_id, status="completed"
        )
        return Outcome(events=(done, told))

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        """A document that cannot be segmented or indexed ends FAILED."""
        if not isinstance(event, DocumentParsed | PassagesSegmented):
            return Outcome()
        failed = DocumentProgressed(
            **event.model_dump(include=set(DocumentIdentity.model_fields)),
            stage="segmented" if isinstance(event, DocumentParsed) else "indexed",
            outcome="failed",
            error_code=int(error.code),
            error_message=error.message,
        )
        return Outcome(events=(failed,))

    async def _refuse_gone(self, event: DocumentIdentity) -> None:
        async with self._database.read() as tx:
            if await self._store.is_document_gone(tx, event):
                raise StaleEvent("the document was removed or superseded", tell=(_ignored(event),))


def _ignored(event: DocumentIdentity) -> DeletionProgressed:
    """What came late of a document; nobody counts it where nothing was deleted."""
    return DeletionProgressed(
        project_id=event.project_id,
        subject=document_subject(event.document_id),
        service=Service.MEMORIZER,
        done=False,
        counts={"events_ignored": 1},
    )


def worth_asking(part: MemoryRecord | Passage) -> bool:
    """Whether a passage is long enough for statements of its own."""
    if isinstance(part, MemoryRecord):
        return part.kind is Kind.PASSAGE and len(part.value) >= _SHORTEST_ASKED
    return len(part.text) >= _SHORTEST_ASKED


def indexed(event: PassagesSegmented, count: BatchCount, model: ModelCount) -> DocumentProgressed:
    """How far a document's passages are, and what the model did and still owes."""
    complete = count.done >= event.batches
    return DocumentProgressed(
        **event.model_dump(include=set(DocumentIdentity.model_fields)),
        stage="indexed",
        outcome="completed" if complete else "running",
        progress=min(1.0, count.done / event.batches),
        pages=event.pages,
        passages=count.passages,
        memories=count.memories + model.memories,
        memories_pending=model.pending,
        model_calls=model.calls,
        model_tokens=model.tokens,
    )


def _work(event: PassagesSegmented, units: int, now: int) -> Work:
    return Work(
        id=derive("enrich", event.document_id, event.revision, event.batch),
        project_id=event.project_id,
        owner_key=Owner(type=OwnerType.KNOWLEDGE_BASE, id=event.knowledgebase_id).key,
        document_id=event.document_id,
        revision=event.revision,
        body=event.model_dump_json(),
        created_at=now,
        units=units,
    )
