"""Routes of knowledge bases."""

from typing import Any

from services.gateway.domain.model import Role
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources.table import Resource, ResourceRequest


def knowledge_base_resources(cases: UseCases) -> tuple[Resource, ...]:
    """List, look at, and link knowledge bases."""

    async def list_knowledge_bases(request: ResourceRequest[None, None]) -> Any:
        return await cases.overview.knowledge_bases(request.call)

    async def show_knowledge_base(request: ResourceRequest[None, None]) -> Any:
        return await cases.overview.knowledge_base(request.call, request.path["id"])

    async def link_knowledge_base(request: ResourceRequest[None, None]) -> Any:
        return await cases.knowledge_bases.link(request.call, request.path["id"])

    path = "/knowledge-bases"
    return (
        Resource("GET", path, "List knowledge bases", list_knowledge_bases),
        Resource("GET", path + "/{id}", "Look at a knowledge base", show_knowledge_base),
        Resource(
            "POST",
            path + "/{id}/link",
            "Link a knowledge base again",
            link_knowledge_base,
            needs=Role.WRITE,
        ),
    )
