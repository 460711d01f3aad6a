"""The ASGI application of the gateway."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware

from services.gateway.domain.json_values import has_control_characters
from services.gateway.domain.model import Role
from services.gateway.domain.requests import AddKnowledgebaseFile, Chat, Rerank
from services.gateway.handlers.calls import Call
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.docs import docs_routes
from services.gateway.routes.envelope import (
    failure,
    plain,
    read_json,
    request_id,
    success,
)
from services.gateway.routes.failures import add_error_handlers
from services.gateway.routes.health import health_routes
from services.gateway.routes.openapi import reference, schemas, with_answers
from services.gateway.routes.operations import Operation, operations
from services.gateway.routes.overload import SearchOverload
from services.gateway.routes.paths import RESOURCES, TrailingSlash
from services.gateway.routes.resources import build_router, resources
from services.gateway.routes.streaming import stream_error, stream_text
from services.gateway.routes.uploads import read_upload
from services.kernel.contracts.errors import InvalidInput, MemloomError, full_disk_noticed
from services.kernel.runtime.health import Health

_TAGS: Final[list[str | Enum]] = ["openmem/v1"]
# Where clients expect the API: the public one's two regions, and a short form.
MOUNTS: Final = ("/api/openmem/v1", "/platform/api/openmem/v1", "/openmem/v1")

# Headers that pages of other origins may send, and read of answers.
_CORS_REQUEST: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Range",
    "X-Request-Id",
)
_CORS_ANSWER: Final = (
    "Allow",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Location",
    "Retry-After",
    "X-Request-Id",
)


class _Door:
    """From a request to a call: key first, then rate, then the body."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases

    async def call(self, request: Request, needs: Role = Role.READ) -> Call:
        """Who calls; Unauthorized, TooManyRequests, Forbidden for a key of a lesser role."""
        client = "" if request.client is None else request.client.host
        found = await self._cases.auth.call(request.headers.get("authorization"), client)
        _check_address(request)
        call = replace(
            found,
            request_id=request_id(request),
            idempotency_key=request.headers.get("idempotency-key", "").strip(),
            operation=_operation(request),
            address=client,
        )
        request.state.on_refusal = partial(
            self._cases.audit.refuse, call.project.id, call.actor, call.operation
        )
        await self._cases.auth.count(call)
        return call.require(needs)

    async def is_admin(self, request: Request) -> bool:
        """Whether the caller sends an admin's key; never raises."""
        if "authorization" not in request.headers:
            return False
        try:
            await self.call(request, Role.ADMIN)
        except MemloomError:
            return False
        return True

    async def body(self, request: Request) -> Any:
        """The decoded JSON body, within the general bound."""
        return await read_json(request, self._cases.limits.max_body_bytes)


def _check_address(request: Request) -> None:
    """Refuse control characters in path and query: no id, name or number holds any."""
    given = (*request.path_params.values(), *request.query_params.values())
    if any(has_control_characters(str(value)) for value in given):
        raise InvalidInput("the address holds control characters; ids are plain text")


def _operation(request: Request) -> str:
    """The call as the audit log names it: `add/message`, `DELETE /keys/{id}`."""
    path: str = getattr(request.scope.get("route"), "path", request.url.path)
    for mount in (*MOUNTS, RESOURCES):
        path = path.removeprefix(mount)
    ours = request.url.path.startswith(RESOURCES)
    return f"{request.method} {path}" if ours else path.removeprefix("/")


def build_rest(
    cases: UseCases,
    *,
    health: Health,
    version: str = "0.1.0",
    cors_origins: Sequence[str] = (),
) -> FastAPI:
    """openmem/v1 under its mounts, our own routes under /api/v1, health and OpenAPI.
    cors_origins: origins of pages that may call from a browser.
    """
    app = FastAPI(
        title="Memloom",
        version=version,
        description="Memory and knowledge base for AI assistants; speaks openmem/v1.",
        openapi_url="/openapi.json",
        docs_url=None,  # `docs_routes` serves it without the internet
        redoc_url=None,
        # Requests have their one span already (`TracedHttp`); a second would begin a trace anew.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,
    )
    door = _Door(cases)
    router = APIRouter()
    requests: list[type[BaseModel]] = [AddKnowledgebaseFile, Chat, Rerank]
    for operation in operations(cases):
        requests.append(operation.request)
        _add(router, door, operation)
    _add_special(router, door, cases)
    for number, mount in enumerate(MOUNTS):
        app.include_router(router, prefix=mount, include_in_schema=number == 0)
    table = resources(cases)
    bodies = [resource.body or resource.described_body for resource in table]
    requests += [body for body in bodies if body is not None]
    responses = [resource.response for resource in table if resource.response is not None]
    app.include_router(build_router(table, door.call, cases.limits), prefix=RESOURCES)
    app.include_router(docs_routes())
    app.include_router(health_routes(health, door.is_admin))
    add_error_handlers(app, table)
    app.add_middleware(SearchOverload, turns=cases.search.turns)
    _add_middleware(app, cors_origins)
    _describe(app, requests, responses)
    return app


def _add_middleware(app: FastAPI, cors_origins: Sequence[str]) -> None:
    app.add_middleware(TrailingSlash)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_CORS_REQUEST,
            expose_headers=_CORS_ANSWER,
        )


def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    content = {"application/json": {"schema": reference(kind)}}
    return {"requestBody": {"required": True, "content": content}}


def _add(router: APIRouter, door: _Door, operation: Operation) -> None:
    async def endpoint(request: Request) -> Response:
        try:
            call = await door.call(request, operation.needs)
            asked = operation.request.read(await door.body(request))
            return success(request, await operation.run(call, asked))
        except MemloomError as error:
            return failure(request, error, operation.minimal)

    router.add_api_route(
        operation.path,
        endpoint,
        methods=["POST"],
        summary=operation.summary,
        tags=_TAGS,
        operation_id="openmem_" + operation.path.strip("/").replace("/", "_").replace("-", "_"),
        openapi_extra=_schema(operation.request),
    )


def _add_special(router: APIRouter, door: _Door, cases: UseCases) -> None:
    _add_uploads(router, door, cases)
    _add_models(router, door, cases)

    async def one_memory(request: Request) -> Response:
        try:
            call = await door.call(request)
            return success(
                request, await cases.memories.get(call, request.path_params["memory_id"])
            )
        except MemloomError as error:
            return failure(request, error, {})

    async def ping(request: Request) -> Response:
        return success(request, {"pong": True})

    router.add_api_route(
        "/get/memory/{memory_id:path}",
        one_memory,
        methods=["GET"],
        summary="Look at one memory",
        tags=_TAGS,
        operation_id="openmem_get_memory_by_id",
        openapi_extra={
            "parameters": [
                {
                    "name": "memory_id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                }
            ]
        },
    )

    for path in ("/ping", "/ping/"):
        router.add_api_route(path, ping, methods=["GET"], summary="Ping", include_in_schema=False)


def _add_uploads(router: APIRouter, door: _Door, cases: UseCases) -> None:
    async def add_file(request: Request) -> Response:
        try:
            call = await door.call(request, Role.WRITE)
            with full_disk_noticed("the folder of temporary files"), ExitStack() as stack:
                upload = await read_upload(request, cases.limits, stack)
                data = await cases.uploads.add(call, upload.knowledgebase_id, upload.entries)
            return success(request, data)
        except MemloomError as error:
            return failure(request, error, [])

    router.add_api_route(
        "/add/knowledgebase-file",
        add_file,
        methods=["POST"],
        summary="Add documents by URL, Base64 or form",
        tags=_TAGS,
        operation_id="openmem_add_knowledgebase_file",
        openapi_extra=_upload_schema(),
    )


def _add_models(router: APIRouter, door: _Door, cases: UseCases) -> None:
    async def chat(request: Request) -> Response:
        streaming = False
        try:
            call = await door.call(request)
            body = await door.body(request)
            streaming = isinstance(body, dict) and body.get("stream") is True
            question = Chat.read(body)
            call.require(Role.WRITE if question.add_message_on_answer else Role.READ)
            data = await cases.assistant.chat(call, question)
        except MemloomError as error:
            if streaming:
                return stream_error(request, error)
            return failure(request, error, {"response": ""})
        return stream_text(request, data["response"]) if streaming else success(request, data)

    async def rerank(request: Request) -> Response:
        try:
            await door.call(request)
            asked = Rerank.read(await door.body(request))
            answer = await cases.assistant.rerank(asked)
        except MemloomError as error:
            return failure(request, error, {"results": []})
        return plain(request, {"id": request_id(request), **answer, "data": answer})

    router.add_api_route(
        "/chat",
        chat,
        methods=["POST"],
        summary="Recall, answer, remember",
        tags=_TAGS,
        operation_id="openmem_chat",
        openapi_extra=_schema(Chat),
    )
    router.add_api_route(
        "/rerank",
        rerank,
        methods=["POST"],
        summary="Rank texts",
        tags=_TAGS,
        operation_id="openmem_rerank",
        openapi_extra=_schema(Rerank),
    )


def _upload_schema() -> dict[str, Any]:
    described = _schema(AddKnowledgebaseFile)
    described["requestBody"]["content"]["multipart/form-data"] = {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
            },
        }
    }
    return described | {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": "With a form only.",
                "schema": {"type": "string"},
            }
            for name in ("knowledgebase_id", "type")
        ]
    }


def _describe(
    app: FastAPI, requests: Sequence[type[BaseModel]], responses: Sequence[type[BaseModel]]
) -> None:
    """OpenAPI with the models' own schemas and the key as security scheme."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            with_answers(described, MOUNTS[0])
            components = described.setdefault("components", {})
            components.setdefault("schemas", {}).update(schemas(requests, responses))
            components["securitySchemes"] = {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token mpg-…`",
                }
            }
            described["security"] = [{"token": []}]
            app.openapi_schema = described
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it
