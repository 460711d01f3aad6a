"""Memories by hand: list, look at, edit, delete."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.gateway.domain.deletions import DeletionKind
from services.gateway.domain.documents import files_of
from services.gateway.domain.filters import Filters, parse_filter
from services.gateway.domain.items import (
    by_id,
    event_item,
    extracted,
    memory_item,
    preference_item,
    preference_note,
    tool_item,
    view_of,
)
from services.gateway.domain.limits import MAX_CHAT_TOKENS, Limits, tokens_of
from services.gateway.domain.memory_lists import FACTS, LISTS, MemoryList, lists_of
from services.gateway.domain.messages import read_messages
from services.gateway.domain.model import Removal, Task
from services.gateway.domain.profiles import MANUAL
from services.gateway.domain.requests import (
    DeleteMemory,
    ExtractMemory,
    GetMemory,
    UpdateMemory,
)
from services.gateway.domain.versions import version_of
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.deletions import Deletions
from services.gateway.handlers.documents import removed_event
from services.gateway.handlers.door import Gate
from services.gateway.handlers.ports import (
    CatalogueStore,
    ConversationStore,
    Outbox,
    PlaceStore,
    TaskStore,
)
from services.gateway.handlers.profiles import Profiles
from services.gateway.handlers.search import subject_of, unserved, wanted_kinds
from services.kernel.contracts.errors import Code, Forbidden, NotFound
from services.kernel.contracts.events import Event, MessagesRecorded, OwnerRemoved
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.kernel.contracts.scope import Clause, Clauses, RemovedOwner
from services.kernel.ports.clock import Clock
from services.kernel.ports.records import RecordPage, Records
from services.kernel.ports.store import Database

_KINDS_OF_OWNERS: Final[dict[OwnerType, DeletionKind]] = {
    OwnerType.USER: "user",
    OwnerType.AGENT: "agent",
}
_EMPTY: Final = RecordPage(records=(), total=0)


def _uuid(identifier: str) -> UUID:
    try:
        return UUID(identifier)
    except ValueError as error:
        raise NotFound(f"there is no memory {identifier!r}", code=Code.MEMORY_NOT_FOUND) from error


class Memories:
    """Use cases over the memorizer's records."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        conversations: ConversationStore,
        tasks: TaskStore,
        places: PlaceStore,
        outbox: Outbox,
        writes: Writes,
        gate: Gate,
        records: Records,
        clock: Clock,
        limits: Limits,
        deletions: Deletions,
        profiles: Profiles,
    ) -> None:
        self._database = database
        self._deletions = deletions
        self._profiles = profiles
        self._catalogue = catalogue
        self._conversations = conversations
        self._tasks = tasks
        self._places = places
        self._outbox = outbox
        self._writes = writes
        self._gate = gate
        self._records = records
        self._clock = clock
        self._limits = limits

    async def page(self, call: Call, request: GetMemory) -> dict[str, Any]:
        """A page of each kind of the subject's memories; `total` is the largest kind's."""
        now = self._clock.now_ms()
        page = request.page or request.current or 1
        owner = subject_of(request.user_id, request.agent_id)
        kinds = wanted_kinds(
            request.include_memory_view,
            preference=request.include_preference,
            tool=request.include_tool_memory,
            factual=FACTS,
        )
        filters = (
            await asyncio.to_thread(
                parse_filter, request.filter, zone=ZoneInfo(self._limits.timezone), now_ms=now
            )
            if request.filter
            else Filters()
        )
        notes = unserved(request.include_memory_view)
        profiles = []
        if request.include_memory_view is None or "profile" in request.include_memory_view:
            profiles = await self._profiles.trees(call, owner, page=page, size=request.size)
            notes += [MANUAL] if request.include_memory_view else []
        lists = lists_of(request.include_memory_view, kinds)
        pages = await self._pages(call, owner, lists, filters, page=page, size=request.size)
        facts, preferences, tools, events = (
            pages.get(name, _EMPTY)
            for name in ("detail_factual", "preference", "tool_memory", "event")
        )
        total = max(found.total for found in (facts, preferences, tools, events))
        return {
            "memory_detail_list": [_listed(memory_item(r, now), r) for r in facts.records],
            "preference_detail_list": [_listed(preference_item(r), r) for r in preferences.records],
            "tool_memory_detail_list": [_listed(tool_item(r), r) for r in tools.records],
            "skill_detail_list": [],
            "profile_detail_list": profiles,
            **({"notes": notes} if notes else {}),
            "event_detail_list": [_listed(event_item(r), r) for r in events.records],
            "preference_note": preference_note(preferences.records),
            "total": total,
            "size": request.size,
            "current": page,
            "pages": -(-total // request.size),
        }

    async def _pages(
        self,
        call: Call,
        owner: Owner,
        lists: Sequence[MemoryList],
        filters: Filters,
        *,
        page: int,
        size: int,
    ) -> dict[str, RecordPage]:
        async with self._database.read() as tx:
            removals = await self._tasks.open_removals(tx, call.project.id)
        gone = max(
            (one for one in removals if one.owner == owner),
            key=lambda one: (one.sequence, one.removed_at),
            default=None,
        )
        where = filters.user if owner.type is OwnerType.USER else filters.agent
        if gone is not None and where.mode == "and":
            kept = (
                Clause(field="sequence", operator="gt", values=(gone.sequence,))
                if gone.sequence
                else Clause(field="created_at", operator="gt", values=(gone.removed_at,))
            )
            where = Clauses(mode="and", clauses=(*where.clauses, kept))
        elif gone is not None:
            return {}
        found = await asyncio.gather(
            *(
                self._records.page(
                    call.project.id,
                    owner,
                    wanted.kinds,
                    where=wanted.within(where),
                    page=page,
                    size=size,
                )
                for wanted in lists
            )
        )
        return {wanted.name: page for wanted, page in zip(lists, found, strict=True)}

    async def extract(self, call: Call, request: ExtractMemory) -> dict[str, Any]:
        """What the rules find in the messages; nothing is stored."""
        now = self._clock.now_ms()
        messages = await asyncio.to_thread(
            read_messages,
            request.messages,
            zone=ZoneInfo(self._limits.timezone),
            now_ms=now,
            most=MAX_CHAT_TOKENS,
        )
        await self._gate.text(call, sum(tokens_of(message.text) for message in messages))
        found = await self._records.extract(
            MessagesRecorded(
                project_id=call.project.id,
                owner=Owner(type=OwnerType.USER),
                conversation_id="",
                task_id="",
                messages=messages,
                recorded_at=now,
                timezone=self._limits.timezone,
            )
        )
        return extracted(found, request.extraction_types, now)

    async def get(self, call: Call, identifier: str) -> dict[str, Any]:
        """One memory in any state; NotFound."""
        record = await self._visible(call, identifier, missing=Code.DATA_NOT_FOUND)
        return by_id(record, status=await self._state(call, record))

    async def expect(self, call: Call, identifier: str) -> None:
        """VersionChanged where the caller edits another version than the present one; NotFound."""
        record = await self._visible(call, identifier, missing=Code.DATA_NOT_FOUND)
        call.expect(version_of(record.id, record.revision))

    async def undeleted(self, call: Call, records: Sequence[MemoryRecord]) -> list[MemoryRecord]:
        """The records without those whose document or subject was deleted, purge pending."""
        named = {one.anchor.document_id for one in records if one.anchor is not None}
        async with self._database.read() as tx:
            removals = await self._tasks.open_removals(tx, call.project.id)
            found = await self._catalogue.documents(tx, call.project.id, sorted(named - {""}))
        gone = {document.id for document in found.values() if document.deleted_at is not None}
        return [
            record
            for record in records
            if not any(_covers(removal, record) for removal in removals)
            and (
                record.kind is Kind.CORRECTION
                or record.anchor is None
                or record.anchor.document_id not in gone
            )
        ]

    async def history(self, call: Call, identifier: str) -> list[dict[str, Any]]:
        """The memory with all it replaced and was replaced by, oldest first."""
        record = await self._visible(call, identifier, missing=Code.DATA_NOT_FOUND)
        found = await self._records.history(call.project.id, record.id)
        return [by_id(entry, status=entry.status.value) for entry in found]

    async def update(self, call: Call, request: UpdateMemory) -> dict[str, Any]:
        """Change title, text or state by hand."""

        async def perform(call: Call) -> dict[str, Any]:
            if await self._profiles.set_value(call, request):
                return {"success": True}
            record = await self._visible(call, request.memory_id, missing=Code.MEMORY_NOT_FOUND)
            call.expect(version_of(record.id, record.revision))
            await self._records.edit(
                call.project.id,
                record.id,
                content=request.content,
                title=request.title,
                status=request.status,
                expected_revision=record.revision if call.versions is not None else None,
            )
            answer = {"success": True}
            async with self._database.write() as tx:
                await self._writes.remember(tx, call, answer, [f"memory:{record.id}"])
            return answer

        body = request.model_dump(mode="json")
        answer: dict[str, Any] = await self._writes.once(call, "update/memory", body, perform)
        return answer

    async def delete(self, call: Call, request: DeleteMemory) -> dict[str, Any]:
        """Delete memories by id (all or none), or all of one user or agent."""

        async def perform(call: Call) -> dict[str, Any]:
            if request.memory_ids is not None:
                return await self._delete_ids(call, list(dict.fromkeys(request.memory_ids)))
            return await self._delete_owner(call, subject_of(request.user, request.agent_id))

        body = request.model_dump(mode="json")
        answer: dict[str, Any] = await self._writes.once(call, "delete/memory", body, perform)
        return answer

    async def _delete_ids(self, call: Call, identifiers: list[str]) -> dict[str, Any]:
        answer: dict[str, Any] = {"success": True}
        records = [
            await self._visible(call, identifier, missing=Code.MEMORY_NOT_FOUND)
            for identifier in identifiers
        ]
        gone = await self._records.delete(call.project.id, [record.id for record in records])
        async with self._database.write() as tx:
            answer["deletion_id"] = await self._deletions.open(
                tx, call, "memories", counts={"records": gone, "index_points": gone}
            )
            await self._writes.remember(
                tx, call, answer, [f"memory:{record.id}" for record in records]
            )
        return answer

    async def _delete_owner(self, call: Call, owner: Owner) -> dict[str, Any]:
        async with self._database.read() as tx:
            known = await self._conversations.knows(tx, call.project.id, owner.key, owner.id)
        if not known and not await self._has_memories(call, owner):
            raise NotFound(f"there is no {owner.type.value} {owner.id!r}", code=Code.USER_NOT_FOUND)
        now = self._clock.now_ms()
        task_id = str(uuid4())
        answer: dict[str, Any] = {"success": True, "task_id": task_id}
        async with self._database.write() as tx:
            place = await self._places.draw(tx, call.project.id, [owner], now=now)
            said = await self._conversations.forget(tx, call.project.id, owner.key)
            await self._profiles.forget(tx, call.project.id, owner)
            files = await self._catalogue.live_documents(tx, files_of(call.project.id, owner))
            if files:
                await self._catalogue.delete_documents(tx, [file.id for file in files], now)
            await self._tasks.add_removal(
                tx, Removal(task_id, call.project.id, owner.type.value, owner.id, now, place)
            )
            task = Task(task_id, call.project.id, "removal", "running", now)
            await self._tasks.add_task(tx, task, [task_id])
            kind = _KINDS_OF_OWNERS[owner.type]
            deletion_id = await self._deletions.open(
                tx, call, kind, owner=owner, documents=files, counts={"messages": said}
            )
            answer["deletion_id"] = deletion_id
            gone = OwnerRemoved(
                project_id=call.project.id,
                owner=owner,
                removed_at=now,
                task_id=task_id,
                sequence=place,
                deletion_id=deletion_id,
            )
            events: list[Event] = [gone, *(removed_event(file, now, deletion_id) for file in files)]
            await self._outbox.add(tx, events, correlation_id=call.request_id)
            await self._writes.remember(tx, call, answer, [f"owner:{owner.key}"])
        return answer

    async def _has_memories(self, call: Call, owner: Owner) -> bool:
        kinds = [kind for members in LISTS.values() for kind in members]
        found = await self._records.page(call.project.id, owner, kinds, page=1, size=1)
        return found.total > 0

    async def _visible(self, call: Call, identifier: str, *, missing: Code) -> MemoryRecord:
        """The record, where it belongs to the project and (a knowledge base's) is linked to it."""
        try:
            record = await self._records.get(call.project.id, _uuid(identifier))
        except NotFound as error:
            raise NotFound(f"there is no memory {identifier!r}", code=missing) from error
        if record.owner.type is OwnerType.KNOWLEDGE_BASE:
            async with self._database.read() as tx:
                linked = await self._catalogue.linked_ids(tx, call.project.id)
            if record.owner.id not in linked:
                if missing is Code.MEMORY_NOT_FOUND:
                    raise Forbidden(
                        "the memory belongs to a knowledge base that is not linked to this project",
                        code=Code.MEMORY_DELETE_FORBIDDEN,
                    )
                raise NotFound(f"there is no memory {identifier!r}", code=missing)
        return record

    async def _state(self, call: Call, record: MemoryRecord) -> str:
        """Its status; `deleted` at once when its document or its owner was deleted."""
        async with self._database.read() as tx:
            removals = await self._tasks.open_removals(tx, call.project.id)
            anchor = record.anchor
            document = (
                await self._catalogue.document(tx, anchor.document_id)
                if anchor is not None and anchor.document_id and record.kind is not Kind.CORRECTION
                else None
            )
        if any(_covers(gone, record) for gone in removals):
            return Status.DELETED.value
        if document is not None and document.deleted_at is not None:
            return Status.DELETED.value
        return record.status.value


def _covers(gone: RemovedOwner, record: MemoryRecord) -> bool:
    """Whether the memory was deleted with that user or agent: its own, or made of its messages."""
    shared = record.author == gone.owner.key and record.kind is not Kind.CORRECTION
    return (record.owner == gone.owner or shared) and gone.covers(
        sequence=record.sequence, created_at=record.created_at
    )


def _listed(item: dict[str, Any], record: MemoryRecord) -> dict[str, Any]:
    return {
        **item,
        "memory_view": view_of(record.kind),
        "sources": item.get("evidence", []),
        "info": dict(record.info),
    }
