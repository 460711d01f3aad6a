"""Health and metrics of a service over HTTP, for orchestrators: read-only, no secrets."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.kernel.runtime.health import Health
from services.kernel.runtime.metrics import Metrics

Endpoint = Callable[[Request], Response]


def admin_app(health: Health, metrics: Metrics) -> Starlette:
    """`/health/live`, `/health/ready`, `/health/startup`, `/metrics`."""

    async def live(_: Request) -> Response:
        return JSONResponse({"live": health.live()})

    async def ready(_: Request) -> Response:
        report = await health.ready()
        body = {
            "ready": report.ready,
            "status": report.status,
            "checks": dict(report.checks),
            "degraded": list(report.degraded),
            "halted": dict(report.halted),
        }
        return JSONResponse(body, status_code=200 if report.ready else 503)

    async def startup(_: Request) -> Response:
        return JSONResponse({"started": health.started}, status_code=200 if health.started else 503)

    async def numbers(_: Request) -> Response:
        return Response(metrics.render(), media_type=metrics.media_type)

    return Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/health/startup", startup),
            Route("/metrics", numbers),
        ]
    )
