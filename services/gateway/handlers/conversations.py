"""Messages in, history out, and the state of tasks."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from services.gateway.domain.documents import files_of
from services.gateway.domain.items import memory_views
from services.gateway.domain.limits import Limits, tokens_of
from services.gateway.domain.messages import (
    UNREAD_IMAGES,
    FilePart,
    as_kept,
    attached,
    file_parts,
    has_images,
    read_messages,
)
from services.gateway.domain.model import Task
from services.gateway.domain.requests import VIEWS, AddMessage, GetMessage, GetStatus
from services.gateway.domain.tasks import task_status
from services.gateway.handlers.attachments import Attachments, Staged, part_of
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.door import Gate
from services.gateway.handlers.knowledgebases import require_owned
from services.gateway.handlers.ports import (
    CatalogueStore,
    ConversationStore,
    Outbox,
    PlaceStore,
    TaskStore,
)
from services.gateway.handlers.usage import Meter
from services.kernel.contracts.errors import Code, InvalidInput, NotFound
from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

_FIRST_POLL: Final = 0.02
_LONGEST_POLL: Final = 0.25
# Views whose memories a model extracts, so that a caller may prompt for them.
_PROMPTED: Final = ("detail_factual", "preference")


@dataclass(frozen=True, slots=True)
class _Subjects:
    """Whose memory the messages make. agent_id: the tag where users are the subjects."""

    owners: tuple[Owner, ...]
    agent_id: str


@dataclass(frozen=True, slots=True)
class _Said:
    """What a request says: its messages, and what they bring beside their words."""

    messages: tuple[Message, ...]
    parts: Sequence[FilePart]
    staged: Staged
    images: bool


def _subjects(request: AddMessage) -> _Subjects:
    users = _listed(request.user_id)
    agents = _listed(request.agent_id)
    if users:
        owners = tuple(Owner(type=OwnerType.USER, id=user) for user in users)
        return _Subjects(owners, agents[0] if agents else "")
    return _Subjects(tuple(Owner(type=OwnerType.AGENT, id=agent) for agent in agents), "")


def _listed(value: str | Sequence[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(dict.fromkeys(value))


class Conversations:
    """Use cases over messages and tasks."""

    def __init__(
        self,
        *,
        database: Database,
        conversations: ConversationStore,
        catalogue: CatalogueStore,
        tasks: TaskStore,
        places: PlaceStore,
        outbox: Outbox,
        writes: Writes,
        gate: Gate,
        clock: Clock,
        limits: Limits,
        attachments: Attachments,
        meter: Meter,
        asks_model: bool = False,
    ) -> None:
        self._meter = meter
        self._attachments = attachments
        self._asks_model = asks_model
        self._database = database
        self._conversations = conversations
        self._catalogue = catalogue
        self._tasks = tasks
        self._places = places
        self._outbox = outbox
        self._writes = writes
        self._gate = gate
        self._clock = clock
        self._limits = limits

    async def add(self, call: Call, request: AddMessage) -> dict[str, Any]:
        """Keep the messages and have memories made of them; with async_mode false the answer
        waits for these (bounded).
        """
        _check_views(request.allow_memory_view)
        self._check_prompts(request.custom_extract_prompt)
        self._gate.queue("messages")
        messages = await asyncio.to_thread(
            read_messages,
            request.messages,
            zone=ZoneInfo(self._limits.timezone),
            now_ms=self._clock.now_ms(),
        )

        subjects = len(_subjects(request).owners)
        await self._gate.text(call, subjects * sum(tokens_of(found.text) for found in messages))
        parts = file_parts(request.messages)
        images = has_images(request.messages)

        async def perform(call: Call) -> dict[str, Any]:
            owners = _subjects(request).owners
            async with self._database.read() as tx:
                bases = await require_owned(
                    tx, self._catalogue, call.project.id, request.allow_knowledgebase_ids
                )
            async with self._attachments.staged(call, parts, owners, bases) as staged:
                return await self._record(call, request, _Said(messages, parts, staged, images))

        body = request.model_dump(mode="json")
        answer: dict[str, Any] = await self._writes.once(call, "add/message", body, perform)
        if request.async_mode or parts or images:
            return answer
        return answer | {"status": await self._wait(call, answer["task_id"])}

    def _check_prompts(self, prompts: Mapping[str, str]) -> None:
        """Refuse what nobody would read: without a model there is nothing to prompt."""
        if not prompts:
            return
        if not self._asks_model:
            raise InvalidInput(
                "`custom_extract_prompt` needs a chat model, and none is configured here: set "
                "MEMLOOM_CHAT__MODEL and its siblings, or leave it out; memories are then made "
                "by rules",
                code=Code.OPERATION_FAILED,
            )
        for kind in prompts:
            if kind not in _PROMPTED:
                raise InvalidInput(
                    f"`custom_extract_prompt`: no model extracts {kind!r} here; give prompts for "
                    f"{' and '.join(_PROMPTED)}"
                )

    async def _record(self, call: Call, request: AddMessage, said: _Said) -> dict[str, Any]:
        messages = said.messages
        task_id = str(uuid4())
        conversation_id = request.conversation_id or str(uuid4())
        subjects = _subjects(request)
        now = self._clock.now_ms()
        several = len(subjects.owners) > 1
        parts = [
            f"{task_id}.{number}" if several else task_id for number in range(len(subjects.owners))
        ]
        answer = {
            "success": True,
            "task_id": task_id,
            "status": "running",
            "conversation_id": conversation_id,
            "message_ids": [message.id for message in messages],
        }
        if said.images:
            answer["note"] = UNREAD_IMAGES
        async with self._database.write() as tx:
            knowledge_bases = await require_owned(
                tx, self._catalogue, call.project.id, request.allow_knowledgebase_ids
            )
            entered = await self._attachments.enter(tx, call, said.staged)
            documents = [one.id for place in entered.values() for one in place]
            parts += [part_of(document, task_id) for document in dict.fromkeys(documents)]
            if documents:
                answer["file_ids"] = list(dict.fromkeys(documents))
            task = Task(task_id, call.project.id, "message", "running", now)
            await self._tasks.add_task(tx, task, parts)
            shared = [Owner(type=OwnerType.KNOWLEDGE_BASE, id=one) for one in knowledge_bases]
            if request.allow_public:
                shared.append(Owner(type=OwnerType.PUBLIC))
            place = await self._places.draw(
                tx, call.project.id, [*subjects.owners, *shared], now=now
            )
            of = {
                owner: attached(
                    messages,
                    said.parts,
                    [one.id for one in entered[files_of(call.project.id, owner)]],
                )
                if said.parts
                else messages
                for owner in subjects.owners
            }
            for owner in subjects.owners:
                of[owner] = await self._keep(
                    tx, call, conversation_id, owner, messages=of[owner], place=place
                )
            events = [
                MessagesRecorded(
                    project_id=call.project.id,
                    owner=owner,
                    conversation_id=conversation_id,
                    task_id=part,
                    messages=of[owner],
                    user_id=owner.id if owner.type is OwnerType.USER else "",
                    agent_id=subjects.agent_id if owner.type is OwnerType.USER else owner.id,
                    app_id=request.app_id or "",
                    tags=tuple(request.tags),
                    info=request.info,
                    allow_public=request.allow_public,
                    allow_knowledgebase_ids=tuple(knowledge_bases),
                    allow_memory_view=None
                    if request.allow_memory_view is None
                    else tuple(request.allow_memory_view),
                    custom_extract_prompt=request.custom_extract_prompt,
                    recorded_at=now,
                    sequence=place,
                    timezone=self._limits.timezone,
                )
                for owner, part in zip(subjects.owners, parts, strict=False)
            ]
            await self._outbox.add(tx, events, correlation_id=call.request_id)
            touched = [f"conversation:{owner.key}/{conversation_id}" for owner in subjects.owners]
            touched += [f"kb:{place}" for place in entered]
            await self._writes.remember(tx, call, answer, touched)
            self._meter.count_with(tx, call.project.id, "messages", len(messages))
        return answer

    async def _keep(
        self,
        tx: Transaction,
        call: Call,
        conversation_id: str,
        owner: Owner,
        *,
        messages: Sequence[Message],
        place: int,
    ) -> tuple[Message, ...]:
        """Write the owner's messages, and return them as they are kept: one whose id is known
        from this conversation is an edit of that one, or a repeat of it.
        """
        known = await self._conversations.messages(
            tx,
            call.project.id,
            owner.key,
            [(conversation_id, message.id) for message in messages],
        )
        kept = [
            as_kept(message, known.get((conversation_id, message.id)), place)
            for message in messages
        ]
        await self._conversations.add_messages(
            tx,
            call.project.id,
            owner.key,
            conversation_id,
            messages=kept,
            now=self._clock.now_ms(),
        )
        return tuple(kept)

    async def history(self, call: Call, request: GetMessage) -> dict[str, Any]:
        """The newest messages of user and assistant, oldest first."""
        owner = Owner(type=OwnerType.USER, id=request.user_id)
        async with self._database.read() as tx:
            found = await self._conversations.last_messages(
                tx,
                call.project.id,
                owner.key,
                request.conversation_id,
                roles=("user", "assistant"),
                limit=request.message_limit_number,
            )
        return {
            "message_detail_list": [
                {
                    "message_id": message.id,
                    "role": message.role,
                    "content": message.text,
                    "create_time": message.chat_time,
                    "update_time": arrived,
                }
                for message, arrived in found
            ]
        }

    async def status(self, call: Call, request: GetStatus) -> dict[str, Any]:
        """State of a task, and (completed) what it changed; NotFound TASK_NOT_FOUND."""
        async with self._database.read() as tx:
            parts = await self._tasks.parts(tx, call.project.id, request.task_id)
            files = await self._attachments.files(tx, call.project.id, parts)
            parts = await self._attachments.parts(tx, call.project.id, parts)
        if not parts:
            raise NotFound(f"there is no task {request.task_id!r}", code=Code.TASK_NOT_FOUND)
        shown = _shown(request.task_id, parts)
        return shown | {"files": files} if files else shown

    async def _wait(self, call: Call, task_id: str) -> str:
        """Poll the projection (the event may reach another replica) until the task is done."""
        until = self._clock.monotonic() + self._limits.sync_wait
        pause = _FIRST_POLL
        while True:
            async with self._database.read() as tx:
                state = await self._state(tx, call.project.id, task_id)
            if state != "running" or self._clock.monotonic() >= until:
                return state
            await self._clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL)

    async def _state(self, tx: Transaction, project_id: str, task_id: str) -> str:
        parts = await self._tasks.parts(tx, project_id, task_id)
        return task_status(await self._attachments.parts(tx, project_id, parts))


def _shown(task_id: str, parts: Sequence[Task]) -> dict[str, Any]:
    status = task_status(parts)
    data: dict[str, Any] = {"task_id": task_id, "status": status}
    views = memory_views(change for part in parts for change in part.changes)
    if status == "completed" and views is not None:
        data["memory_views"] = views
    for part in parts:
        if part.error_code:
            data |= {"error_code": part.error_code, "error_message": part.error_message}
        if part.reason:
            data["reason"] = part.reason
    return data


def _check_views(views: Sequence[str] | None) -> None:
    for view in views or ():
        if view not in VIEWS:
            raise InvalidInput(f"`allow_memory_view`: {view!r} is none of {', '.join(VIEWS)}")
