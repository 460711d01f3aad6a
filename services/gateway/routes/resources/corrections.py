"""Routes of corrections."""

from http import HTTPStatus
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
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.paging import PageQuery
from services.gateway.routes.resources.table import Resource, ResourceRequest

_PATH = "/knowledge-bases/{id}/corrections"
_ONE = _PATH + "/{correction_id}"


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

    async def show_correction(request: ResourceRequest[None, None]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        return await cases.desk.one(request.call, request.path["id"], request.path["correction_id"])

    async def accept_correction(request: ResourceRequest[None, None]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        return await cases.desk.decide(
            request.call, request.path["id"], request.path["correction_id"], accepted=True
        )

    async def reject_correction(request: ResourceRequest[None, None]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        return await cases.desk.decide(
            request.call, request.path["id"], request.path["correction_id"], accepted=False
        )

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

    return (
        Resource(
            "GET",
            _PATH,
            "List corrections, newest first",
            list_corrections,
            query=PageQuery,
            response=answers.CorrectionList,
        ),
        Resource(
            "POST",
            _PATH,
            "Correct in plain words (dry_run shows only)",
            give_correction,
            needs=Role.WRITE,
            body=GiveCorrection,
            response=answers.GivenCorrection,
            examples={
                "English": {"content": "Office software is capped at 600, not 800."},
                "中文": {"content": "办公软件的报销上限是600元，不是800元。", "dry_run": True},
            },
        ),
        Resource(
            "GET",
            _ONE,
            "Look at a correction: whose words, before and after",
            show_correction,
            response=answers.Correction,
        ),
        Resource(
            "POST",
            _ONE + "/undo",
            "Undo a correction",
            undo_correction,
            needs=Role.WRITE,
            response=answers.Correction,
        ),
        Resource(
            "POST",
            _ONE + "/redo",
            "Redo a correction",
            redo_correction,
            needs=Role.WRITE,
            response=answers.Correction,
        ),
        Resource(
            "POST",
            _ONE + "/accept",
            "Accept a proposal (409 for a correction that stands already)",
            accept_correction,
            needs=Role.WRITE,
            response=answers.Correction,
            problems=(HTTPStatus.CONFLICT,),
        ),
        Resource(
            "POST",
            _ONE + "/reject",
            "Reject a proposal (409 for a correction that stands already)",
            reject_correction,
            needs=Role.WRITE,
            response=answers.Correction,
            problems=(HTTPStatus.CONFLICT,),
        ),
    )
