"""Routes of memories."""

from typing import Any

from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources.table import Resource, ResourceRequest


def memory_resources(cases: UseCases) -> tuple[Resource, ...]:
    """Look at memories."""

    async def memory_history(request: ResourceRequest[None, None]) -> Any:
        return {"history": await cases.memories.history(request.call, request.path["id"])}

    return (Resource("GET", "/memories/{id}/history", "What a memory replaced", memory_history),)
