"""Messages become memories: coarse at once, refined by rules, reconciled with what is known."""

import asyncio
from collections.abc import Sequence

from services.kernel.contracts.errors import MemloomError
from services.kernel.contracts.events import (
    Envelope,
    Event,
    MemoryChange,
    MessagesRecorded,
    TaskProgressed,
)
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.dispatch import Outcome
from services.memorizer.domain.extraction import extract, message_records
from services.memorizer.domain.merging import Change, reconcile
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import RecordStore

KINDS = (Kind.MESSAGE, Kind.FACT, Kind.PREFERENCE, Kind.TOOL)
_ALL = (Status.ACTIVATED, Status.RESOLVING, Status.ARCHIVED)


class Messages:
    """Handler of `chat.message.recorded`."""

    def __init__(
        self, *, database: Database, store: RecordStore, writer: IndexWriter, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._writer = writer
        self._clock = clock

    async def on_recorded(self, event: Event, _: Envelope) -> Outcome:
        """Searchable before the rules have read it; any order of messages ends the same."""
        assert isinstance(event, MessagesRecorded)  # noqa: S101 - the table routes by type
        changes: list[MemoryChange] = []
        written: list[MemoryRecord] = []
        for owner in owners(event):
            mine = event.model_copy(update={"owner": owner})
            records = await self._remember(mine)
            written += records
            if owner == event.owner:
                changes = [_change(record) for record in records]
        done = TaskProgressed(
            project_id=event.project_id,
            task_id=event.task_id,
            status="completed",
            changes=tuple(changes),
        )

        async def apply(tx: Transaction) -> Sequence[Event]:
            await self._store.mark_indexed(tx, written)
            return (done,)

        return Outcome(apply=apply)

    async def _remember(self, event: MessagesRecorded) -> list[MemoryRecord]:
        now = self._clock.now_ms()
        personal = event.owner.type in (OwnerType.USER, OwnerType.AGENT)
        coarse = message_records(event, now=event.recorded_at) if personal else []
        await self._write(event, coarse)
        drafts = await asyncio.to_thread(extract, event)
        async with self._database.read() as tx:
            known = await self._store.of_owner(tx, event.project_id, event.owner, KINDS, _ALL)
        found: Sequence[Change] = await asyncio.to_thread(reconcile, known, drafts, event, now=now)
        refined = [change.record for change in found]
        await self._write(event, refined)
        by_id = {record.id: record for record in (*coarse, *refined)}
        return list(by_id.values())

    async def _write(self, event: MessagesRecorded, records: Sequence[MemoryRecord]) -> None:
        if not records:
            return
        async with self._database.write() as tx:
            if await self._store.is_owner_gone(
                tx, event.project_id, event.owner, event.recorded_at
            ):
                return
            erased = await self._store.erased(
                tx, event.project_id, [record.id for record in records]
            )
            records = [record for record in records if record.id not in erased]
            await self._store.put(tx, records)
        await self._writer.sync(records)

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        """The task ends failed and says why."""
        if not isinstance(event, MessagesRecorded):
            return Outcome()
        failed = TaskProgressed(
            project_id=event.project_id,
            task_id=event.task_id,
            status="failed",
            error_code=int(error.code),
            error_message=error.message,
        )
        return Outcome(events=(failed,))


def owners(event: MessagesRecorded) -> list[Owner]:
    """Whose memories these messages make: the subject's, and what the caller allowed."""
    found = [event.owner]
    if event.allow_public:
        found.append(Owner(type=OwnerType.PUBLIC))
    found += [
        Owner(type=OwnerType.KNOWLEDGE_BASE, id=identifier)
        for identifier in dict.fromkeys(event.allow_knowledgebase_ids)
    ]
    return found


def _change(record: MemoryRecord) -> MemoryChange:
    if record.status is Status.ARCHIVED:
        return MemoryChange(memory_id=record.id, kind=record.kind, change="archived")
    change = "added" if record.revision == 1 else "updated"
    return MemoryChange(memory_id=record.id, kind=record.kind, change=change)
