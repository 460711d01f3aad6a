"""Health: live (the process answers), ready (it can serve its callers), startup (it has begun).

Everybody hears which part is ok, and which is not; why not is for operators: those who call with
an admin's key, or ask on the admin port.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.routes.envelope import plain
from services.kernel.runtime.health import Health

IsAdmin = Callable[[Request], Awaitable[bool]]


def health_routes(own: Health, is_admin: IsAdmin) -> APIRouter:
    """/health/live, /health/ready, /health/startup, and /health for people. Told is the health of
    the whole process, where the process has put it into the application's state, else `own`.
    """
    router = APIRouter(prefix="/health", tags=["health"])

    def health_of(request: Request) -> Health:
        found: Health = getattr(request.app.state, "health", own)
        return found

    async def ready(request: Request) -> Response:
        report = await health_of(request).ready()
        body: dict[str, Any] = {
            "status": report.status,
            "checks": report.outline(),
            "degraded": list(report.degraded),
        }
        if await is_admin(request):
            body |= {"checks": dict(report.checks), "halted": dict(report.halted)}
        return plain(request, body, _status(ok=report.ready))

    async def live(request: Request) -> Response:
        return plain(request, {"status": "ok"}, _status(ok=health_of(request).live()))

    async def startup(request: Request) -> Response:
        started = health_of(request).started
        return plain(request, {"status": "ok" if started else "starting"}, _status(ok=started))

    router.add_api_route("", ready, methods=["GET"], summary="State of the parts")
    router.add_api_route("/live", live, methods=["GET"], summary="The process answers")
    router.add_api_route("/ready", ready, methods=["GET"], summary="It can serve")
    router.add_api_route("/startup", startup, methods=["GET"], summary="It has started")
    return router


def _status(*, ok: bool) -> int:
    return HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
