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
from services.memorizer.domain.extraction import extract, message_memory
from services.memorizer.domain.extraction import records as drafts_to_records
from services.memorizer.domain.merging import reconcile
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import RecordStore

KINDS = (Kind.MESSAGE, Kind.FACT, Kind.PREFERENCE, Kind.TOOL)
_ALL = (Status.ACTIVATED, Status.RESOLVING, Status.ARCHIVED, Status.DELETED)


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
            last = {record.id: record for record in await self._remember(mine)}
            written += last.values()
            if owner == event.owner:
                changes = [_change(record) for record in last.values()]
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
        async with self._database.read() as tx:
            known = await self._store.of_owner(tx, event.project_id, event.owner, KINDS, _ALL)
        there = {record.id for record in known}
        drafts = message_memory(event) if personal else []
        coarse = [
            record for record in drafts_to_records(event, drafts, now=now) if record.id not in there
        ]
        coarse = await self._write(event, coarse)
        refined = await asyncio.to_thread(
            self._refine, event, [*known, *coarse], now, personal=personal
        )
        return coarse + await self._write(event, refined)

    def _refine(
        self, event: MessagesRecorded, known: list[MemoryRecord], now: int, *, personal: bool
    ) -> list[MemoryRecord]:
        """What the rules make of these messages and of all that is known already."""
        same_talk = [item for item in known if item.conversation_id == event.conversation_id]
        drafts = extract(event, same_talk)
        if not personal:
            drafts = [draft for draft in drafts if draft.kind is not Kind.MESSAGE]
        fresh = drafts_to_records(event, drafts, now=now)
        changes = [change.record for change in reconcile(known, fresh, now=now)]
        kept = {record.id for record in fresh}
        coarse = {draft.id for draft in message_memory(event)}
        # A coarse memory that the rules read and did not keep said nothing.
        dropped = [
            item.model_copy(
                update={
                    "status": Status.ARCHIVED,
                    "detail": {},  # without an order it takes part in no later reckoning
                    "updated_at": now,
                    "revision": item.revision + 1,
                }
            )
            for item in known
            if item.id in coarse - kept and item.status is Status.ACTIVATED
        ]
        gone = {record.id for record in dropped}
        return [record for record in changes if record.id not in gone] + dropped

    async def _write(
        self, event: MessagesRecorded, records: Sequence[MemoryRecord]
    ) -> list[MemoryRecord]:
        """Those that were written: not what its owner, or a person, deleted."""
        if not records:
            return []
        async with self._database.write() as tx:
            if await self._store.is_owner_gone(
                tx, event.project_id, event.owner, event.recorded_at
            ):
                return []
            erased = await self._store.erased(
                tx, event.project_id, [record.id for record in records]
            )
            written = [record for record in records if record.id not in erased]
            await self._store.put(tx, written)
        await self._writer.sync(written)
        return written

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
