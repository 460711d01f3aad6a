"""Corrections follow the documents: what a new document says about them, and what a document
that goes no longer says.
"""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from services.kernel.contracts.events import DocumentIdentity
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.memorizer.domain import restating
from services.memorizer.domain.chains import changed, rechain
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import RecordStore

_ANY = (Status.ACTIVATED, Status.ARCHIVED)
Found = dict[UUID, list[restating.Restated]]
Change = Callable[[MemoryRecord], MemoryRecord]


class Restating:
    """Keeps the corrections of a knowledge base in step with its documents."""

    def __init__(
        self,
        *,
        database: Database,
        store: RecordStore,
        writer: IndexWriter,
        clock: Clock,
        tokenise: restating.Tokenise,
    ) -> None:
        self._database = database
        self._store = store
        self._writer = writer
        self._clock = clock
        self._tokenise = tokenise

    async def on_passages(
        self, event: DocumentIdentity, records: Sequence[MemoryRecord], *, last: bool
    ) -> None:
        """Note what the passages say about corrections, before they are called indexed. A repeat
        changes nothing. last: the revision has no further batch, so what its earlier revisions
        said goes.
        """
        base = Owner(type=OwnerType.KNOWLEDGE_BASE, id=event.knowledgebase_id)
        async with self._database.read() as tx:
            corrections = await self._of(tx, event.project_id, base)
        if not corrections:
            return
        found = await asyncio.to_thread(self._found, corrections, records)
        newer = last and event.revision > 1
        if not found and not newer:
            return

        def change(record: MemoryRecord) -> MemoryRecord:
            if newer:
                record = restating.without_document(
                    record, event.document_id, below_revision=event.revision
                )
            return restating.with_restated(record, found.get(record.id, ()))

        async with self._database.write() as tx:
            await self._store.lock_owner(tx, event.project_id, base)
            if await self._store.is_document_gone(tx, event):
                return
            changes = await self._change(tx, event.project_id, base, change)
        await self.settle(changes)

    async def forget(self, tx: Transaction, event: DocumentIdentity) -> list[MemoryRecord]:
        """Inside the transaction that removes a document, its owner locked: what it said goes.
        The corrections that changed, for `settle`.
        """
        base = Owner(type=OwnerType.KNOWLEDGE_BASE, id=event.knowledgebase_id)
        return await self._change(
            tx,
            event.project_id,
            base,
            lambda record: restating.without_document(record, event.document_id),
        )

    async def settle(self, changes: Sequence[MemoryRecord]) -> None:
        """The index as the changed corrections say."""
        if not changes:
            return
        await self._writer.sync(changes)
        async with self._database.write() as tx:
            await self._writer.vouch(tx, self._store, changes)

    def _found(self, corrections: Sequence[MemoryRecord], records: Sequence[MemoryRecord]) -> Found:
        text = restating.read(records, self._tokenise)
        found = {
            correction.id: restating.find(correction, text, self._tokenise)
            for correction in corrections
        }
        return {identifier: spans for identifier, spans in found.items() if spans}

    async def _change(
        self, tx: Transaction, project_id: str, owner: Owner, change: Change
    ) -> list[MemoryRecord]:
        """Change each correction of an owner, and reckon the chains of those that changed."""
        present = await self._of(tx, project_id, owner)
        wanted = {record.id: change(record) for record in present}
        moved = {record.attribute for record in present if wanted[record.id] != record}
        now = self._clock.now_ms()
        changes: list[MemoryRecord] = []
        for attribute in sorted(moved):
            chain = [record for record in present if record.attribute == attribute]
            if attribute:
                changes += changed(rechain([wanted[item.id] for item in chain], now), chain, now)
            for record in () if attribute else chain:
                changes += changed(rechain([wanted[record.id]], now), [record], now)
        await self._store.put(tx, changes)
        return changes

    async def _of(self, tx: Transaction, project_id: str, owner: Owner) -> list[MemoryRecord]:
        return await self._store.of_owner(tx, project_id, owner, [Kind.CORRECTION], _ANY)
