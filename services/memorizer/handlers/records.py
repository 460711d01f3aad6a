"""Reads and synchronous commands on records: what the internal gRPC `Records` serves."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from services.kernel.contracts.errors import Code, InvalidInput, NotFound, VersionChanged
from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, Status
from services.kernel.contracts.scope import Clauses
from services.kernel.language import bounds
from services.kernel.ports.clock import Clock
from services.kernel.ports.records import DocumentPlace, OwnerPlace, RecordPage
from services.kernel.ports.store import Database, Transaction
from services.memorizer.domain.chains import changed, rechain, set_undone
from services.memorizer.domain.clauses import matches
from services.memorizer.domain.extraction import extract
from services.memorizer.domain.extraction import records as records_of
from services.memorizer.domain.merging import BY_HAND, duplicates_of, order_of, reconcile
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import EnrichmentStore, RecordStore

_EDITABLE = (Status.ACTIVATED, Status.ARCHIVED)
_CHAIN_LIMIT = 200


class RecordCommands:
    """Implements the port `Records` over this service's own store."""

    def __init__(
        self,
        *,
        database: Database,
        store: RecordStore,
        writer: IndexWriter,
        clock: Clock,
        owed: EnrichmentStore,
        read_seconds: float = 30.0,
    ) -> None:
        self._owed = owed
        self._read_seconds = read_seconds
        self._database = database
        self._store = store
        self._writer = writer
        self._clock = clock

    async def get(self, project_id: str, memory_id: UUID) -> MemoryRecord:
        async with self._database.read() as tx:
            return await self._one(tx, project_id, memory_id)

    async def page(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        *,
        where: Clauses | None = None,
        page: int = 1,
        size: int = 10,
    ) -> RecordPage:
        offset = (page - 1) * size
        async with self._database.read() as tx:
            if where is None or not where.clauses:
                records, total = await self._store.page_of_owner(
                    tx, project_id, owner, kinds, offset=offset, limit=size
                )
                return RecordPage(records=tuple(records), total=total)
            everything = await self._store.of_owner(
                tx, project_id, owner, kinds, [Status.ACTIVATED]
            )
        found = [record for record in reversed(everything) if matches(record, where)]
        return RecordPage(records=tuple(found[offset : offset + size]), total=len(found))

    async def of_document(
        self,
        project_id: str,
        document_id: str,
        kinds: Sequence[Kind] = (Kind.PASSAGE,),
        *,
        after: DocumentPlace | None = None,
        limit: int | None = None,
    ) -> list[MemoryRecord]:
        async with self._database.read() as tx:
            return await self._store.of_document(
                tx, project_id, document_id, kinds, after=after, limit=limit
            )

    async def listed(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
        *,
        before: OwnerPlace | None = None,
        limit: int = 20,
    ) -> list[MemoryRecord]:
        async with self._database.read() as tx:
            return await self._store.listed(
                tx, project_id, owner, kinds, statuses, before=before, limit=limit
            )

    async def counted(
        self, project_id: str, owners: Sequence[str], kinds: Sequence[Kind]
    ) -> dict[str, int]:
        async with self._database.read() as tx:
            return await self._store.counted(tx, project_id, owners, kinds)

    async def history(self, project_id: str, memory_id: UUID) -> list[MemoryRecord]:
        async with self._database.read() as tx:
            known = {memory_id: await self._one(tx, project_id, memory_id)}
            border = [known[memory_id]]
            while border and len(known) < _CHAIN_LIMIT:
                wanted = {
                    identifier
                    for record in border
                    for identifier in (*record.supersedes, record.superseded_by)
                    if identifier is not None and identifier not in known
                }
                border = await self._store.many(tx, project_id, sorted(wanted))
                known |= {record.id: record for record in border}
        return sorted(known.values(), key=lambda record: (record.created_at, str(record.id)))

    async def edit(
        self,
        project_id: str,
        memory_id: UUID,
        *,
        content: str | None = None,
        title: str | None = None,
        status: str | None = None,
        expected_revision: int | None = None,
    ) -> MemoryRecord:
        update: dict[str, object] = {}
        if content is not None:
            update["value"] = content
        if title is not None:
            update["key"] = title
        if status is not None:
            update["status"] = _editable_status(status)
        if not update:
            raise InvalidInput("name the content, title or status to change")
        return await self._change(project_id, memory_id, update, expected_revision)

    async def delete(self, project_id: str, memory_ids: Sequence[UUID]) -> int:
        async with self._database.write() as tx:
            known = await self._store.many(tx, project_id, memory_ids)
            found = {record.id for record in known}
            missing = [str(identifier) for identifier in memory_ids if identifier not in found]
            if missing:
                raise NotFound(
                    f"no such memory: {', '.join(missing[:5])}", code=Code.MEMORY_NOT_FOUND
                )
            known += await self._duplicates(tx, known)
            memory_ids = [record.id for record in known]
            answers = [str(key) for record in known if (key := record.detail.get("answer"))]
            if answers:  # a model's words, of which these memories were made
                await self._owed.forget_answers(tx, project_id, answers)
            await self._store.erase(tx, project_id, memory_ids)
        await self._writer.remove(memory_ids)
        async with self._database.write() as tx:
            await self._store.mark_removed(tx, project_id, memory_ids)
        return len(found)

    async def _duplicates(
        self, tx: Transaction, records: Sequence[MemoryRecord]
    ) -> list[MemoryRecord]:
        """What was merged into these, and is not among them."""
        found: dict[UUID, MemoryRecord] = {}
        for record in records:
            older = await self._store.many(tx, record.project_id, record.supersedes)
            found |= {one.id: one for one in duplicates_of(record, older)}
        return [one for key, one in found.items() if key not in {record.id for record in records}]

    async def set_correction(
        self, project_id: str, correction_id: UUID, *, active: bool
    ) -> MemoryRecord:
        async with self._database.read() as tx:
            record = await self._one(tx, project_id, correction_id)
        if record.kind is not Kind.CORRECTION:
            raise InvalidInput(f"{correction_id} is no correction")
        if active is (not record.detail.get("undone")):
            return record
        async with self._database.write() as tx:
            await self._store.lock_owner(tx, project_id, record.owner)
            record = await self._one(tx, project_id, correction_id)
            chain = [
                sibling
                for sibling in await self._store.of_owner(
                    tx, project_id, record.owner, [Kind.CORRECTION], _EDITABLE
                )
                if record.attribute and sibling.attribute == record.attribute
            ] or [record]
            now = self._clock.now_ms()
            switched = set_undone(record, undone=not active)
            wanted = [switched if sibling.id == record.id else sibling for sibling in chain]
            changes = changed(rechain(wanted, now), chain, now)
            await self._store.put(tx, changes)
        await self._writer.sync(changes)
        async with self._database.write() as tx:
            await self._writer.vouch(tx, self._store, changes)
            return await self._one(tx, project_id, correction_id)

    async def extract(self, messages: MessagesRecorded) -> list[MemoryRecord]:
        with bounds.limited(self._read_seconds):
            return await asyncio.to_thread(_found_in, messages)

    async def _change(
        self,
        project_id: str,
        memory_id: UUID,
        update: dict[str, object],
        expected_revision: int | None,
    ) -> MemoryRecord:
        async with self._database.write() as tx:
            old = await self._one(tx, project_id, memory_id)
            await self._store.lock_owner(tx, project_id, old.owner)
            old = await self._one(tx, project_id, memory_id)
            if expected_revision not in (None, old.revision):
                raise VersionChanged(f"the memory has revision {old.revision}; read it again")
            changed = [_by_hand(old, update, self._clock.now_ms())]
            if update.get("status") is Status.ARCHIVED:
                changed += [
                    _by_hand(one, {"status": Status.ARCHIVED}, self._clock.now_ms())
                    for one in await self._duplicates(tx, [old])
                ]
            await self._store.put(tx, changed)
        await self._writer.sync(changed)
        async with self._database.write() as tx:
            await self._writer.vouch(tx, self._store, changed)
        return changed[0]

    async def _one(self, tx: Transaction, project_id: str, memory_id: UUID) -> MemoryRecord:
        found = await self._store.many(tx, project_id, [memory_id])
        if not found:
            raise NotFound(f"no memory {memory_id}", code=Code.MEMORY_NOT_FOUND)
        return found[0]


def _found_in(messages: MessagesRecorded) -> list[MemoryRecord]:
    """Facts and preferences that hold once all of it is said."""
    fresh = records_of(messages, extract(messages), now=messages.recorded_at)
    found = [change.record for change in reconcile([], fresh, now=messages.recorded_at)]
    wanted = (Kind.FACT, Kind.PREFERENCE)
    standing = [one for one in found if one.status is Status.ACTIVATED and one.kind in wanted]
    return sorted(standing, key=order_of)


def _by_hand(old: MemoryRecord, update: dict[str, object], now: int) -> MemoryRecord:
    """Words changed by hand stay, whatever is read of their message again; so does an end."""
    detail = {key: value for key, value in old.detail.items() if key != BY_HAND}
    if "value" in update:
        detail["edited"] = True
    if update.get("status", old.status) is Status.ARCHIVED and (
        "status" in update or BY_HAND in old.detail
    ):
        detail[BY_HAND] = True
    return old.model_copy(
        update={**update, "detail": detail, "updated_at": now, "revision": old.revision + 1}
    )


def _editable_status(status: str) -> Status:
    allowed = {member.value: member for member in _EDITABLE}
    if status not in allowed:
        raise InvalidInput(f"status may be set to {' or '.join(allowed)}, not {status!r}")
    return allowed[status]
