"""The users and agents of a project, their conversations and memories, and recent tasks."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from services.gateway.domain.cursors import Page, decode_cursor, encode_cursor, page_of
from services.gateway.domain.items import by_id
from services.gateway.domain.model import Conversation, Subject, Task
from services.gateway.domain.requests import GetStatus
from services.gateway.handlers.calls import Call
from services.gateway.handlers.conversations import Conversations
from services.gateway.handlers.memories import Memories
from services.kernel.contracts.errors import Code, InvalidInput, NotFound
from services.kernel.contracts.events import Message
from services.kernel.contracts.records import Kind, Owner, OwnerType, Status
from services.kernel.ports.records import OwnerPlace, Records
from services.kernel.ports.store import Database, Transaction

# Raw turns are read as conversations; in no list are they memories themselves.
_KINDS: Final = tuple(kind for kind in Kind if kind is not Kind.MESSAGE)
# Tasks looked through for one page of a status; a page may hold fewer than was asked for.
_MOST_TASKS: Final = 200
TASK_STATES: Final = ("running", "completed", "failed")


class PeopleStore(Protocol):
    """Lists over messages and tasks."""

    async def subjects(
        self, tx: Transaction, project_id: str, kind: OwnerType, *, after: str | None, limit: int
    ) -> list[Subject]:
        """Users or agents that have messages, by id."""
        ...

    async def subject(self, tx: Transaction, project_id: str, owner: Owner) -> Subject:
        """One of them, without messages too."""
        ...

    async def conversations(
        self, tx: Transaction, project_id: str, owner: Owner, *, before: int | None, limit: int
    ) -> list[Conversation]:
        """Those that began last first, by the place of their first message."""
        ...

    async def messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        conversation_id: str,
        *,
        after: int | None,
        limit: int,
    ) -> list[tuple[int, Message, int]]:
        """In order, each with its place and its time of arrival."""
        ...

    async def tasks(
        self, tx: Transaction, project_id: str, *, before: Sequence[Any] | None, limit: int
    ) -> list[Task]:
        """Newest first, by (created_at, id)."""
        ...


class People:
    """Use cases over what a project's subjects said and what is remembered of them."""

    def __init__(
        self,
        *,
        database: Database,
        store: PeopleStore,
        records: Records,
        memories: Memories,
        conversations: Conversations,
    ) -> None:
        self._database = database
        self._store = store
        self._records = records
        self._memories = memories
        self._conversations = conversations

    async def subjects(
        self, call: Call, kind: OwnerType, *, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """A page of the users or agents that sent messages, by id."""
        after = decode_cursor(cursor, str)
        async with self._database.read() as tx:
            found = await self._store.subjects(
                tx,
                call.project.id,
                kind,
                after=None if after is None else str(after[0]),
                limit=limit + 1,
            )
        page = page_of(found, limit, lambda subject: (subject.owner.id,))
        totals = await self._count(call, [subject.owner for subject in page.entries])
        name = "users" if kind is OwnerType.USER else "agents"
        return page.shown(name, lambda subject: _person(subject, totals[subject.owner.key]))

    async def subject(self, call: Call, owner: Owner) -> dict[str, Any]:
        """One user or agent; NotFound for one that neither said anything nor has memories."""
        async with self._database.read() as tx:
            found = await self._store.subject(tx, call.project.id, owner)
        total = (await self._count(call, [owner]))[owner.key]
        if not found.messages and not total:
            raise NotFound(f"there is no {owner.type.value} {owner.id!r}", code=Code.USER_NOT_FOUND)
        return _person(found, total)

    async def _count(self, call: Call, owners: Sequence[Owner]) -> dict[str, int]:
        if not owners:
            return {}
        return await self._records.counted(call.project.id, [owner.key for owner in owners], _KINDS)

    async def conversations(
        self, call: Call, owner: Owner, *, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """A page of a subject's conversations, those that began last first."""
        before = decode_cursor(cursor, int)
        async with self._database.read() as tx:
            found = await self._store.conversations(
                tx,
                call.project.id,
                owner,
                before=None if before is None else int(before[0]),
                limit=limit + 1,
            )
        page = page_of(found, limit, lambda conversation: (conversation.position,))
        return page.shown(
            "conversations",
            lambda conversation: {
                "id": conversation.id,
                "messages": conversation.messages,
                "create_time": conversation.first_at,
                "last_activity": conversation.last_at,
            },
        )

    async def messages(
        self,
        call: Call,
        owner: Owner,
        conversation_id: str,
        *,
        cursor: str | None,
        limit: int,
    ) -> dict[str, Any]:
        """A page of a conversation's messages, oldest first; NotFound for one without any."""
        after = decode_cursor(cursor, int)
        async with self._database.read() as tx:
            found = await self._store.messages(
                tx,
                call.project.id,
                owner,
                conversation_id,
                after=None if after is None else int(after[0]),
                limit=limit + 1,
            )
        if not found and after is None:
            raise NotFound(f"there is no conversation {conversation_id!r} of {owner.id!r}")
        page = page_of(found, limit, lambda placed: (placed[0],))
        return page.shown(
            "messages",
            lambda placed: {
                "message_id": placed[1].id,
                "role": placed[1].role,
                "content": placed[1].text,
                "chat_time": placed[1].chat_time,
                "create_time": placed[2],
            },
        )

    async def memories(
        self,
        call: Call,
        owner: Owner,
        *,
        kind: str | None,
        status: str | None,
        cursor: str | None,
        limit: int,
    ) -> dict[str, Any]:
        """A page of the memories of a user, agent or knowledge base, newest first. kind, status:
        None is all kinds, and what search finds.
        """
        before = decode_cursor(cursor, int, str)
        found = await self._records.listed(
            call.project.id,
            owner,
            [_member(Kind, kind, "kind", _KINDS)] if kind else _KINDS,
            [_member(Status, status or Status.ACTIVATED.value, "status", tuple(Status))],
            before=None if before is None else OwnerPlace(int(before[0]), str(before[1])),
            limit=limit + 1,
        )
        page = page_of(found, limit, lambda record: (record.created_at, str(record.id)))
        # What was deleted and is not purged yet is in no list.
        kept = await self._memories.undeleted(call, page.entries)
        return Page(tuple(kept), page.next_cursor).shown(
            "memories", lambda record: by_id(record, status=record.status.value)
        )

    async def task(self, call: Call, identifier: str) -> dict[str, Any]:
        """State of a task and what it changed; NotFound."""
        return await self._conversations.status(call, GetStatus(task_id=identifier))

    async def tasks(
        self, call: Call, *, status: str | None, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """A page of the project's tasks, newest first. With a status a page may hold fewer."""
        if status is not None and status not in TASK_STATES:
            raise InvalidInput(f"`status` must be one of {', '.join(TASK_STATES)}")
        before = decode_cursor(cursor, int, str)
        scanned = limit if status is None else _MOST_TASKS
        async with self._database.read() as tx:
            found = await self._store.tasks(tx, call.project.id, before=before, limit=scanned + 1)
        shown: list[dict[str, Any]] = []
        last: Task | None = None
        for task in found[:scanned]:
            state = await self._conversations.status(call, GetStatus(task_id=task.id))
            if status is None or state["status"] == status:
                shown.append(state | {"kind": task.kind, "create_time": task.created_at})
            last = task
            if len(shown) == limit:
                break
        more = last is not None and last is not found[-1]
        return {
            "tasks": shown,
            "next_cursor": encode_cursor(last.created_at, last.id) if last and more else None,
        }


def _member(kind: Any, name: str, field: str, allowed: Sequence[Any]) -> Any:
    for member in allowed:
        if member.value == name:
            return kind(member)
    names = ", ".join(member.value for member in allowed)
    raise InvalidInput(f"`{field}` must be one of {names}")


def _person(subject: Subject, memories: int) -> dict[str, Any]:
    return {
        "id": subject.owner.id,
        "messages": subject.messages,
        "conversations": subject.conversations,
        "memories": memories,
        "create_time": subject.first_at,
        "last_activity": subject.last_at,
    }
