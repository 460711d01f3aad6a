"""Routes of corrections."""

from typing import Any

from services.gateway.domain.model import Role
from services.gateway.domain.requests import (
    AddFeedback,
    OptionalIdentifier,
    Request,
    Text,
    When,
)
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources.paging import PageQuery
from services.gateway.routes.resources.table import Resource, ResourceRequest


class GiveCorrection(Request):
    """A correction in plain words; dry_run only shows what it would change."""

    content: Text
    user_id: OptionalIdentifier | None = None
    conversation_id: OptionalIdentifier | None = None
    feedback_time: When | None = None
    dry_run: bool = False


def correction_resources(cases: UseCases) -> tuple[Resource, ...]:
    """List, give, undo and redo corrections of a knowledge base."""

    async def list_corrections(request: ResourceRequest[None, PageQuery]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        page, size = request.query.page, request.query.page_size
        return await cases.desk.log(request.call, request.path["id"], page=page, size=size)

    async def give_correction(request: ResourceRequest[GiveCorrection, None]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        given = request.body
        feedback = AddFeedback.read(
            {
                "user_id": given.user_id or f"key:{request.call.key_id}",
                "feedback_content": given.content,
                "conversation_id": given.conversation_id,
                "feedback_time": given.feedback_time,
                "allow_knowledgebase_ids": [request.path["id"]],
            }
        )
        if given.dry_run:
            return await cases.desk.dry_run(request.call, feedback)
        return await cases.desk.add(request.call, feedback)

    async def undo_correction(request: ResourceRequest[None, None]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        return await cases.desk.switch(
            request.call, request.path["id"], request.path["correction_id"], active=False
        )

    async def redo_correction(request: ResourceRequest[None, None]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        return await cases.desk.switch(
            request.call, request.path["id"], request.path["correction_id"], active=True
        )

    path = "/knowledge-bases/{id}/corrections"
    return (
        Resource("GET", path, "List corrections, newest first", list_corrections, query=PageQuery),
        Resource(
            "POST",
            path,
            "Correct in plain words (dry_run shows only)",
            give_correction,
            needs=Role.WRITE,
            body=GiveCorrection,
        ),
        Resource(
            "POST",
            path + "/{correction_id}/undo",
            "Undo a correction",
            undo_correction,
            needs=Role.WRITE,
        ),
        Resource(
            "POST",
            path + "/{correction_id}/redo",
            "Redo a correction",
            redo_correction,
            needs=Role.WRITE,
        ),
    )
