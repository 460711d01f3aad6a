"""The route of server-sent events."""

from collections.abc import AsyncIterator
from typing import Any, Final

import orjson
from fastapi.responses import StreamingResponse

from services.gateway.domain.model import Change
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.envelope import REQUEST_ID, request_id
from services.gateway.routes.resources.table import Resource, ResourceRequest

MEDIA_TYPE: Final = "text/event-stream"


def event_resources(cases: UseCases) -> tuple[Resource, ...]:
    """One stream for each project."""

    async def follow_events(request: ResourceRequest[None, None]) -> Any:
        last_id = request.http.headers.get("last-event-id", "").strip()
        changes = cases.changes.stream(request.call, last_id)
        return StreamingResponse(
            _lines(changes),
            media_type=MEDIA_TYPE,
            headers={
                REQUEST_ID: request_id(request.http),
                "cache-control": "no-cache",
                "x-accel-buffering": "no",  # nginx would keep events back
            },
        )

    return (
        Resource(
            "GET",
            "/events",
            "Follow what changes: documents, tasks and corrections, as server-sent events",
            follow_events,
            produces=(MEDIA_TYPE,),
            description="Events are `document`, `task` and `correction`; each carries the whole "
            "present state and is told at least once. `Last-Event-ID` resumes at any gateway. The "
            "stream ends after a while; clients of server-sent events come back by themselves.",
        ),
    )


async def _lines(changes: AsyncIterator[Change | None]) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    async for change in changes:
        if change is None:
            yield b": alive\n\n"
        else:
            data = orjson.dumps(change.state)
            yield b"id: %d\nevent: %b\ndata: %b\n\n" % (change.at, change.kind.encode(), data)
