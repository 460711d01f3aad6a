"""Routes of dead letters, for operators: they span all projects."""

from typing import Annotated, Any

from pydantic import Field

from services.gateway.domain.model import Role
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.table import Query, Resource, ResourceRequest

_PATH = "/dead-letters"
_ONE = _PATH + "/{id}"


class DeadLetterQuery(Query):
    """Which dead letters are listed."""

    group: Annotated[
        str | None, Field(max_length=200, description="Of this consumer group alone.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


def dead_letter_resources(cases: UseCases) -> tuple[Resource, ...]:
    """List, show, replay and drop."""

    async def list_dead_letters(request: ResourceRequest[None, DeadLetterQuery]) -> Any:
        query = request.query
        return await cases.dead_letters.list(request.call, group=query.group, limit=query.limit)

    async def show_dead_letter(request: ResourceRequest[None, None]) -> Any:
        return await cases.dead_letters.show(request.call, request.path["id"])

    async def replay_dead_letter(request: ResourceRequest[None, None]) -> Any:
        return await cases.dead_letters.replay(request.call, request.path["id"])

    async def drop_dead_letter(request: ResourceRequest[None, None]) -> Any:
        return await cases.dead_letters.drop(request.call, request.path["id"])

    return (
        Resource(
            "GET",
            _PATH,
            "List dead letters, newest last (operators)",
            list_dead_letters,
            needs=Role.ADMIN,
            operator=True,
            query=DeadLetterQuery,
            response=answers.DeadLetterList,
        ),
        Resource(
            "GET",
            _ONE,
            "Show a dead letter with its bytes (operators)",
            show_dead_letter,
            needs=Role.ADMIN,
            operator=True,
            response=answers.DeadLetterDetail,
        ),
        Resource(
            "POST",
            _ONE + "/replay",
            "Hand a dead letter to its group again (operators)",
            replay_dead_letter,
            needs=Role.ADMIN,
            operator=True,
            response=answers.Done,
        ),
        Resource(
            "DELETE",
            _ONE,
            "Drop a dead letter for ever (operators)",
            drop_dead_letter,
            needs=Role.ADMIN,
            operator=True,
            response=answers.Done,
        ),
    )
