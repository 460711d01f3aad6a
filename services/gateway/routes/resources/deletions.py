"""Routes of receipts of deletions."""

from typing import Any

from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.paging import CursorQuery
from services.gateway.routes.resources.table import Resource, ResourceRequest


def deletion_resources(cases: UseCases) -> tuple[Resource, ...]:
    """List and look at receipts."""

    async def list_deletions(request: ResourceRequest[None, CursorQuery]) -> Any:
        query = request.query
        return await cases.deletions.page(request.call, cursor=query.cursor, limit=query.limit)

    async def show_deletion(request: ResourceRequest[None, None]) -> Any:
        return await cases.deletions.one(request.call, request.path["id"])

    return (
        Resource(
            "GET",
            "/deletions",
            "List receipts of deletions, newest first",
            list_deletions,
            query=CursorQuery,
            response=answers.DeletionList,
        ),
        Resource(
            "GET",
            "/deletions/{id}",
            "Look at the receipt of a deletion",
            show_deletion,
            response=answers.DeletionReceipt,
            description=(
                "Search finds nothing of it from the moment of the request. `counts` say what each "
                "store deleted; `retention` until when the event log may still hold its bytes."
            ),
        ),
    )
