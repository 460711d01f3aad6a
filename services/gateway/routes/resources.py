"""Our own routes under /api/v1: resources, with RFC 9457 problem details."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field

from services.gateway.domain.requests import (
    AddFeedback,
    GetKnowledgebaseFile,
    OptionalIdentifier,
    Text,
    When,
)
from services.gateway.domain.requests import (
    Request as Asked,
)
from services.gateway.handlers.calls import Call
from services.gateway.handlers.uploads import Incoming
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.envelope import plain, problem, read_json
from services.gateway.routes.uploads import read_content
from services.kernel.contracts.errors import InvalidInput, MemloomError

_CREATED = 201
_LONGEST_PAGE = 100
Show = Callable[[Request, Call], Awaitable[Any]]


class GiveCorrection(Asked):
    """A correction in plain words; dry_run only shows what it would change."""

    content: Text
    user_id: OptionalIdentifier | None = None
    conversation_id: OptionalIdentifier | None = None
    feedback_time: When | None = None
    dry_run: bool = False


class MakeKey(Asked):
    """A further key of the same project."""

    name: Annotated[str, Field(max_length=200), AfterValidator(str.strip)] = ""


def resource_routes(cases: UseCases, caller: Callable[[Request], Awaitable[Call]]) -> APIRouter:
    """Knowledge bases, documents, corrections, memories, keys, plan."""
    router = APIRouter(tags=["memloom"])

    def add(method: str, path: str, summary: str, show: Show, status: int = 200) -> None:
        async def endpoint(request: Request) -> Response:
            try:
                return plain(request, await show(request, await caller(request)), status)
            except MemloomError as error:
                return problem(request, error)

        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            summary=summary,
            status_code=status,
            operation_id=show.__name__,
            openapi_extra={
                "parameters": [
                    {
                        "name": part[1:-1],
                        "in": "path",
                        "required": True,
                        "schema": {"type": "string"},
                    }
                    for part in path.split("/")
                    if part.startswith("{")
                ]
            },
        )

    _knowledge_bases(cases, add)
    _corrections(cases, add)
    _project(cases, add)
    return router


Add = Callable[..., None]


def _knowledge_bases(cases: UseCases, add: Add) -> None:
    async def list_knowledge_bases(_: Request, call: Call) -> Any:
        return await cases.overview.knowledge_bases(call)

    async def show_knowledge_base(request: Request, call: Call) -> Any:
        return await cases.overview.knowledge_base(call, request.path_params["id"])

    async def link_knowledge_base(request: Request, call: Call) -> Any:
        return await cases.knowledge_bases.link(call, request.path_params["id"])

    async def list_documents(request: Request, call: Call) -> Any:
        page, size = _page(request)
        asked = GetKnowledgebaseFile(
            knowledgebase_id=request.path_params["id"], page=page, page_size=size
        )
        found = await cases.documents.get(call, asked)
        return {"documents": found.pop("file_detail_list"), **found}

    async def show_document(request: Request, call: Call) -> Any:
        return await cases.overview.document(call, request.path_params["id"])

    async def replace_document(request: Request, call: Call) -> Any:
        with ExitStack() as stack:
            source = await read_content(request, cases.limits, stack)
            document = await cases.documents.one(call, request.path_params["id"])
            declared = request.headers.get("content-type", "").split(";")[0]
            entry = Incoming(kind="bytes", source=source, name=document.name, declared=declared)
            return await cases.uploads.replace_content(call, document.id, entry)

    add("GET", "/knowledge-bases", "List knowledge bases", list_knowledge_bases)
    add("GET", "/knowledge-bases/{id}", "Look at a knowledge base", show_knowledge_base)
    add("POST", "/knowledge-bases/{id}/link", "Link it again", link_knowledge_base)
    add("GET", "/knowledge-bases/{id}/documents", "List documents", list_documents)
    add("GET", "/documents/{id}", "A document with passages and memories", show_document)
    add("PUT", "/documents/{id}/content", "A new revision of a document", replace_document)


def _corrections(cases: UseCases, add: Add) -> None:
    async def list_corrections(request: Request, call: Call) -> Any:
        page, size = _page(request)
        return await cases.desk.log(call, request.path_params["id"], page=page, size=size)

    async def give_correction(request: Request, call: Call) -> Any:
        asked = GiveCorrection.read(await read_json(request, cases.limits.max_body_bytes))
        feedback = AddFeedback(
            user_id=asked.user_id or f"key:{call.key_id}",
            feedback_content=asked.content,
            conversation_id=asked.conversation_id,
            feedback_time=asked.feedback_time,
            allow_knowledgebase_ids=[request.path_params["id"]],
        )
        if asked.dry_run:
            return await cases.desk.dry_run(call, feedback)
        return await cases.desk.add(call, feedback)

    async def undo_correction(request: Request, call: Call) -> Any:
        return await cases.desk.switch(
            call, request.path_params["id"], request.path_params["correction_id"], active=False
        )

    async def redo_correction(request: Request, call: Call) -> Any:
        return await cases.desk.switch(
            call, request.path_params["id"], request.path_params["correction_id"], active=True
        )

    path = "/knowledge-bases/{id}/corrections"
    add("GET", path, "List corrections, newest first", list_corrections)
    add("POST", path, "Correct in plain words (dry_run shows only)", give_correction)
    add("POST", path + "/{correction_id}/undo", "Undo a correction", undo_correction)
    add("POST", path + "/{correction_id}/redo", "Redo a correction", redo_correction)


def _project(cases: UseCases, add: Add) -> None:
    async def show_plan(_: Request, call: Call) -> Any:
        return await cases.overview.plan(call)

    async def list_keys(_: Request, call: Call) -> Any:
        found = await cases.access.list_keys(project_id=call.project.id)
        return {
            "keys": [
                {
                    "id": key.id,
                    "name": key.name,
                    "hint": key.hint,
                    "create_time": key.created_at,
                    "revoke_time": key.revoked_at,
                }
                for key in found
            ]
        }

    async def make_key(request: Request, call: Call) -> Any:
        asked = MakeKey.read(await read_json(request, cases.limits.max_body_bytes))
        entry, key = await cases.access.create_key(project=call.project.name, name=asked.name)
        return {"id": entry.id, "name": entry.name, "hint": entry.hint, "key": key}

    async def revoke_key(request: Request, call: Call) -> Any:
        await cases.access.revoke_key(request.path_params["id"], project_id=call.project.id)
        return {"success": True}

    async def memory_history(request: Request, call: Call) -> Any:
        return {"history": await cases.memories.history(call, request.path_params["id"])}

    add("GET", "/plan", "Plan and usage", show_plan)
    add("GET", "/keys", "List keys", list_keys)
    add("POST", "/keys", "Make a key; it is shown once", make_key, _CREATED)
    add("DELETE", "/keys/{id}", "Revoke a key", revoke_key)
    add("GET", "/memories/{id}/history", "What a memory replaced", memory_history)


def _page(request: Request) -> tuple[int, int]:
    def number(name: str, default: int, most: int) -> int:
        text = request.query_params.get(name, str(default))
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise InvalidInput(f"`{name}` must be a number from 1 to {most}")
        return int(text)

    return number("page", 1, 1_000_000), number("page_size", 20, _LONGEST_PAGE)
