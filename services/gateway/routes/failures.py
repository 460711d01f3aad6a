"""Errors outside the endpoints: unknown paths, wrong methods, our own mistakes."""

from collections.abc import Iterable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from services.gateway.routes.envelope import plain, problem, problem_of
from services.gateway.routes.paths import RESOURCES
from services.gateway.routes.resources import Resource
from services.kernel.contracts.errors import Code, MemloomError


def add_error_handlers(app: FastAPI, table: Iterable[Resource]) -> None:
    """Answer every error in the shape of its API: problem details below /api/v1, whose routes are
    `table`, else the envelope.
    """
    methods: dict[str, set[str]] = {}
    for resource in table:
        methods.setdefault(resource.path, set()).add(resource.method)
    known = [(compile_path(RESOURCES + path)[0], found) for path, found in methods.items()]

    def allowed(path: str) -> list[str]:
        return sorted({name for pattern, found in known if pattern.match(path) for name in found})

    async def on_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(getattr(error, "headers", None) or {})
        message = f"{request.method} {path_of(request)}: no such route"
        if not _is_resource(request):
            code = Code.DATA_NOT_FOUND if status == HTTPStatus.NOT_FOUND else Code.WRONG_PARAMETERS
            body = {"code": int(code), "message": message, "data": None}
            return plain(request, body, status, headers=headers)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            names = allowed(path_of(request))
            message = f"{path_of(request)} takes {' and '.join(names)}, not {request.method}"
            headers = {"allow": ", ".join(names)}
            return problem_of(request, status, message, Code.METHOD_NOT_ALLOWED, headers)
        message += "; /openapi.json lists those that there are"
        return problem_of(request, status, message, Code.ROUTE_NOT_FOUND)

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(MemloomError, _on_ours)
    app.add_exception_handler(Exception, _on_mistake)


def path_of(request: Request) -> str:
    """Return the request's path. Starlette's `url` parses the `Host` header too, and fails where
    a caller sends nonsense there.
    """
    return str(request.scope["path"])


def _is_resource(request: Request) -> bool:
    return path_of(request) == RESOURCES or path_of(request).startswith(RESOURCES + "/")


async def _on_mistake(request: Request, _: Exception) -> Response:
    if _is_resource(request):
        return problem_of(request, 500, "internal error", Code.INTERNAL)
    body = {"code": int(Code.INTERNAL), "message": "internal error", "data": None}
    return plain(request, body, 500)


async def _on_ours(request: Request, error: Exception) -> Response:
    if isinstance(error, MemloomError):
        return problem(request, error)
    return await _on_mistake(request, error)
