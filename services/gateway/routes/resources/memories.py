"""Routes of memories."""

from http import HTTPStatus
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.gateway.domain.model import Role
from services.gateway.domain.requests import DeleteMemory, Request, Text, UpdateMemory
from services.gateway.domain.versions import memory_version
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.people import MemoryQuery
from services.gateway.routes.resources.table import Resource, ResourceRequest
from services.kernel.contracts.records import Owner, OwnerType

_ONE = "/memories/{id}"


class ChangedMemory(Request):
    """What of a memory is to change."""

    content: Annotated[Text, Field(max_length=160_000)] | None = None
    title: Annotated[Text, Field(max_length=1000)] | None = None
    status: Literal["activated", "archived"] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.content is None and self.title is None and self.status is None:
            raise PydanticCustomError(
                "absent", "one of `content`, `title` and `status` is required"
            )
        return self


def memory_resources(cases: UseCases) -> tuple[Resource, ...]:
    """Look at, edit, archive and delete memories; list those of a knowledge base."""

    async def list_base_memories(request: ResourceRequest[None, MemoryQuery]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        query = request.query
        return await cases.people.memories(
            request.call,
            Owner(type=OwnerType.KNOWLEDGE_BASE, id=request.path["id"]),
            kind=query.kind,
            status=query.status,
            cursor=query.cursor,
            limit=query.limit,
        )

    async def show_memory(request: ResourceRequest[None, None]) -> Any:
        return await cases.memories.get(request.call, request.path["id"])

    async def change(request: ResourceRequest[Any, None], wanted: dict[str, Any]) -> Any:
        await cases.memories.expect(request.call, request.path["id"])
        wanted["memory_id"] = request.path["id"]
        await cases.memories.update(request.call, UpdateMemory.read(wanted))
        return await cases.memories.get(request.call, request.path["id"])

    async def change_memory(request: ResourceRequest[ChangedMemory, None]) -> Any:
        return await change(request, request.body.model_dump(mode="json"))

    async def archive_memory(request: ResourceRequest[None, None]) -> Any:
        return await change(request, {"status": "archived"})

    async def delete_memory(request: ResourceRequest[None, None]) -> Any:
        await cases.memories.expect(request.call, request.path["id"])
        wanted = DeleteMemory.read({"memory_ids": [request.path["id"]]})
        return await cases.memories.delete(request.call, wanted)

    async def memory_history(request: ResourceRequest[None, None]) -> Any:
        return {"history": await cases.memories.history(request.call, request.path["id"])}

    return (
        Resource(
            "GET",
            "/knowledge-bases/{id}/memories",
            "List the memories of a knowledge base, newest first",
            list_base_memories,
            query=MemoryQuery,
            response=answers.MemoryList,
        ),
        Resource(
            "GET",
            _ONE,
            "Look at a memory, in any state",
            show_memory,
            response=answers.MemoryDetail,
            version=memory_version,
        ),
        Resource(
            "PATCH",
            _ONE,
            "Edit a memory by hand",
            change_memory,
            needs=Role.WRITE,
            body=ChangedMemory,
            response=answers.MemoryDetail,
            version=memory_version,
            problems=(HTTPStatus.PRECONDITION_FAILED,),
            examples={
                "English": {"content": "The user has two golden retrievers"},
                "中文": {"content": "用户有两只金毛"},
            },
        ),
        Resource(
            "POST",
            _ONE + "/archive",
            "Archive a memory: search finds it no more, `status: activated` brings it back",
            archive_memory,
            needs=Role.WRITE,
            response=answers.MemoryDetail,
            version=memory_version,
            problems=(HTTPStatus.PRECONDITION_FAILED,),
        ),
        Resource(
            "DELETE",
            _ONE,
            "Delete a memory",
            delete_memory,
            needs=Role.WRITE,
            response=answers.Deleted,
            problems=(HTTPStatus.PRECONDITION_FAILED,),
        ),
        Resource(
            "GET",
            _ONE + "/history",
            "What a memory replaced, and what replaced it, oldest first",
            memory_history,
            response=answers.MemoryHistory,
        ),
    )
