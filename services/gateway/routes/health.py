"""Health: live (the process answers), ready (its dependencies do too), startup."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.gateway.routes.envelope import plain
from services.kernel.runtime.health import Health


def health_routes(own: Health) -> APIRouter:
    """/health/live, /health/ready, /health/startup, and /health for people. Told is the health of
    the whole process, where the process has put it into the application's state, else `own`.
    """
    router = APIRouter(prefix="/health", tags=["health"])

    def health_of(request: Request) -> Health:
        found: Health = getattr(request.app.state, "health", own)
        return found

    async def ready(request: Request) -> Response:
        report = await health_of(request).ready()
        body = {"status": "ok" if report.ready else "unavailable", "checks": dict(report.checks)}
        return plain(request, body, 200 if report.ready else 503)

    async def live(request: Request) -> Response:
        return plain(request, {"status": "ok"}, 200 if health_of(request).live() else 503)

    async def startup(request: Request) -> Response:
        started = health_of(request).started
        body = {"status": "ok" if started else "starting"}
        return plain(request, body, 200 if started else 503)

    router.add_api_route("", ready, methods=["GET"], summary="State of the dependencies")
    router.add_api_route("/live", live, methods=["GET"], summary="The process answers")
    router.add_api_route("/ready", ready, methods=["GET"], summary="It can serve")
    router.add_api_route("/startup", startup, methods=["GET"], summary="It has started")
    return router
