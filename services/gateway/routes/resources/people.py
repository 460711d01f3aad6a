"""Routes of users, agents, their conversations, and tasks."""

from typing import Annotated, Any, Literal

from pydantic import Field

from services.gateway.domain.model import Role
from services.gateway.domain.requests import DeleteMemory
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.paging import CursorQuery
from services.gateway.routes.resources.table import Resource, ResourceRequest
from services.kernel.contracts.records import Owner, OwnerType

_PATHS = {OwnerType.USER: "/users", OwnerType.AGENT: "/agents"}


class MemoryQuery(CursorQuery):
    """Which memories are listed."""

    kind: Annotated[
        str | None,
        Field(
            max_length=20,
            description="fact, preference, tool, passage, summary, correction; all by default.",
        ),
    ] = None
    status: Annotated[
        str | None, Field(max_length=20, description="activated (default), archived, resolving.")
    ] = None


class TaskQuery(CursorQuery):
    """Which tasks are listed."""

    status: Annotated[
        str | None, Field(max_length=20, description="running, completed or failed.")
    ] = None


def people_resources(cases: UseCases) -> tuple[Resource, ...]:
    """Users and agents alike, then tasks."""
    return (
        *_subject_resources(cases, OwnerType.USER, "user"),
        *_subject_resources(cases, OwnerType.AGENT, "agent"),
        *_task_resources(cases),
    )


def _subject_resources(
    cases: UseCases, kind: OwnerType, word: Literal["user", "agent"]
) -> tuple[Resource, ...]:
    def owner(request: ResourceRequest[Any, Any]) -> Owner:
        return Owner(type=kind, id=request.path["id"])

    async def list_subjects(request: ResourceRequest[None, CursorQuery]) -> Any:
        query = request.query
        return await cases.people.subjects(
            request.call, kind, cursor=query.cursor, limit=query.limit
        )

    async def show_subject(request: ResourceRequest[None, None]) -> Any:
        return await cases.people.subject(request.call, owner(request))

    async def delete_subject(request: ResourceRequest[None, None]) -> Any:
        wanted = DeleteMemory.read({f"{word}_id": request.path["id"]})
        return await cases.memories.delete(request.call, wanted)

    async def list_subject_memories(request: ResourceRequest[None, MemoryQuery]) -> Any:
        query = request.query
        return await cases.people.memories(
            request.call,
            owner(request),
            kind=query.kind,
            status=query.status,
            cursor=query.cursor,
            limit=query.limit,
        )

    async def list_conversations(request: ResourceRequest[None, CursorQuery]) -> Any:
        query = request.query
        return await cases.people.conversations(
            request.call, owner(request), cursor=query.cursor, limit=query.limit
        )

    async def read_conversation(request: ResourceRequest[None, CursorQuery]) -> Any:
        query = request.query
        return await cases.people.messages(
            request.call,
            owner(request),
            request.path["conversation_id"],
            cursor=query.cursor,
            limit=query.limit,
        )

    path = _PATHS[kind]
    one = path + "/{id}"
    table = (
        Resource(
            "GET",
            path,
            f"List the {word}s that sent messages, with counts and last activity",
            list_subjects,
            query=CursorQuery,
            response=answers.UserList if word == "user" else answers.AgentList,
        ),
        Resource("GET", one, f"Look at one {word}", show_subject, response=answers.Subject),
        Resource(
            "DELETE",
            one,
            f"Delete all that is known of one {word}",
            delete_subject,
            needs=Role.WRITE,
            response=answers.Deleted,
        ),
        Resource(
            "GET",
            one + "/memories",
            f"List the memories of one {word}, newest first",
            list_subject_memories,
            query=MemoryQuery,
            response=answers.MemoryList,
        ),
        Resource(
            "GET",
            one + "/conversations",
            f"List the conversations of one {word}, those that began last first",
            list_conversations,
            query=CursorQuery,
            response=answers.ConversationList,
        ),
        Resource(
            "GET",
            one + "/conversations/{conversation_id}/messages",
            "Read a conversation, oldest message first",
            read_conversation,
            query=CursorQuery,
            response=answers.MessageList,
        ),
    )
    for resource in table:
        resource.run.__name__ = f"{resource.run.__name__}_of_{word}"
    return table


def _task_resources(cases: UseCases) -> tuple[Resource, ...]:
    async def list_tasks(request: ResourceRequest[None, TaskQuery]) -> Any:
        query = request.query
        return await cases.people.tasks(
            request.call, status=query.status, cursor=query.cursor, limit=query.limit
        )

    async def show_task(request: ResourceRequest[None, None]) -> Any:
        return await cases.people.task(request.call, request.path["id"])

    return (
        Resource(
            "GET",
            "/tasks",
            "List tasks, newest first",
            list_tasks,
            query=TaskQuery,
            response=answers.TaskList,
        ),
        Resource(
            "GET",
            "/tasks/{id}",
            "State of a task, and what it changed",
            show_task,
            response=answers.TaskState,
        ),
    )
