"""Routes and OpenAPI operations made from the table."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.domain.limits import Limits
from services.gateway.handlers.calls import Call
from services.gateway.routes.conditional import expected_versions, with_tag
from services.gateway.routes.envelope import plain, problem, read_json
from services.gateway.routes.openapi import described
from services.gateway.routes.resources.table import Resource, ResourceRequest
from services.kernel.contracts.errors import MemloomError

Caller = Callable[[Request], Awaitable[Call]]


def build_router(table: Iterable[Resource], caller: Caller, limits: Limits) -> APIRouter:
    """A route for each resource: key, role, query and body are checked in this order."""
    router = APIRouter()
    for resource in table:
        _add(router, resource, caller, limits)
    return router


def _add(router: APIRouter, resource: Resource, caller: Caller, limits: Limits) -> None:
    async def endpoint(request: Request) -> Response:
        try:
            call = (await caller(request)).require(resource.needs)
            if resource.operator:
                call.require_operator()
            call = replace(call, versions=expected_versions(request))
            answer = await resource.run(await _read(request, resource, call, limits))
        except MemloomError as error:
            return problem(request, error)
        if isinstance(answer, Response):
            return answer
        return _respond(request, resource, answer)

    router.add_api_route(
        resource.path,
        endpoint,
        methods=[resource.method],
        summary=resource.summary,
        description=resource.description or None,
        tags=[resource.tag],
        status_code=resource.status,
        operation_id=resource.run.__name__,
        response_class=Response,
        openapi_extra=described(resource),
    )


def _respond(request: Request, resource: Resource, answer: object) -> Response:
    response = plain(request, answer, resource.status)
    version = "" if resource.version is None else resource.version(answer)
    if resource.method == "GET" or version:
        return with_tag(request, response, version)
    return response


async def _read(
    request: Request, resource: Resource, call: Call, limits: Limits
) -> ResourceRequest[object, object]:
    query = resource.query.read(dict(request.query_params)) if resource.query else None
    body = (
        resource.body.read(await read_json(request, limits.max_body_bytes))
        if resource.body
        else None
    )
    return ResourceRequest(call, dict(request.path_params), body, query, request)
