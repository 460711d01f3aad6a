"""Routes of webhooks."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from services.gateway.domain.model import Role
from services.gateway.domain.requests import Request
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources.table import Query, Resource, ResourceRequest

Url = Annotated[str, Field(min_length=1, max_length=2048)]
Events = Annotated[list[str], Field(min_length=1, max_length=20)]


class MakeWebhook(Request):
    """A URL that is told of events."""

    url: Url
    events: Events
    description: Annotated[str, Field(max_length=500)] = ""


class ChangeWebhook(Request):
    """What is to change. active: true switches a disabled one on again."""

    url: Url | None = None
    events: Events | None = None
    active: bool | None = None


class DeliveryQuery(Query):
    """A page of deliveries; cursor: the `next_cursor` of the answer before."""

    cursor: Annotated[str, Field(max_length=20)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def webhook_resources(cases: UseCases) -> tuple[Resource, ...]:
    """Register, change, test and look at webhooks."""

    async def list_webhooks(request: ResourceRequest[None, None]) -> Any:
        return await cases.webhooks.list(request.call)

    async def make_webhook(request: ResourceRequest[MakeWebhook, None]) -> Any:
        asked = request.body
        return await cases.webhooks.create(
            request.call, url=asked.url, events=asked.events, description=asked.description
        )

    async def change_webhook(request: ResourceRequest[ChangeWebhook, None]) -> Any:
        asked = request.body
        return await cases.webhooks.change(
            request.call,
            request.path["id"],
            url=asked.url,
            events=asked.events,
            active=asked.active,
        )

    async def delete_webhook(request: ResourceRequest[None, None]) -> Any:
        return await cases.webhooks.delete(request.call, request.path["id"])

    async def ping_webhook(request: ResourceRequest[None, None]) -> Any:
        return await cases.webhooks.ping(request.call, request.path["id"])

    async def list_deliveries(request: ResourceRequest[None, DeliveryQuery]) -> Any:
        return await cases.webhooks.deliveries(
            request.call,
            request.path["id"],
            cursor=request.query.cursor,
            limit=request.query.limit,
        )

    async def redeliver(request: ResourceRequest[None, None]) -> Any:
        return await cases.webhooks.redeliver(
            request.call, request.path["id"], request.path["delivery_id"]
        )

    one, admin, conflict = "/webhooks/{id}", Role.ADMIN, (HTTPStatus.CONFLICT,)
    return (
        Resource("GET", "/webhooks", "List webhooks", list_webhooks, needs=admin),
        Resource(
            "POST",
            "/webhooks",
            "Register a webhook; its secret is shown once",
            make_webhook,
            needs=admin,
            body=MakeWebhook,
            status=HTTPStatus.CREATED,
            problems=conflict,
            description="Each delivery carries `Memloom-Signature: t=<seconds>,v1=<hex>`: "
            "HMAC-SHA256 with the secret over `<seconds>.<body>`. It comes at least once, with the "
            "same `Memloom-Delivery` id each time.",
            examples={
                "documents": {
                    "url": "https://example.org/hook",
                    "events": ["document.completed", "document.failed"],
                }
            },
        ),
        Resource("PATCH", one, "Change a webhook", change_webhook, needs=admin, body=ChangeWebhook),
        Resource("DELETE", one, "Delete a webhook", delete_webhook, needs=admin),
        Resource(
            "POST",
            one + "/ping",
            "Send a test delivery",
            ping_webhook,
            needs=admin,
            problems=conflict,
        ),
        Resource(
            "GET",
            one + "/deliveries",
            "List deliveries, newest first",
            list_deliveries,
            needs=admin,
            query=DeliveryQuery,
        ),
        Resource(
            "POST",
            one + "/deliveries/{delivery_id}/redeliver",
            "Send a delivery again",
            redeliver,
            needs=admin,
            problems=conflict,
        ),
    )
