"""Webhooks: registered by a project, told by durable deliveries, at least once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from uuid import uuid4

import structlog

from services.gateway.domain.webhooks import (
    EVENT_TYPES,
    PING,
    SIGNATURE,
    Delivery,
    Occurrence,
    Webhook,
    delivery_item,
    delivery_of,
    error_text,
    new_secret,
    signature,
    wait_ms,
    webhook_item,
)
from services.gateway.handlers.audit import AuditTrail
from services.gateway.handlers.calls import Call
from services.kernel.contracts.errors import Conflict, InvalidInput, NotFound
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

_MOST_WEBHOOKS: Final = 20
_AT_ONCE: Final = 16
# Longer than any attempt takes; a gateway that dies in one leaves it to the others after this.
_LEASE_MS: Final = 60_000
_SUCCESS: Final = range(200, 300)
_log = structlog.get_logger(__name__)


class WebhookStore(Protocol):
    """Webhooks and deliveries."""

    async def add(self, tx: Transaction, webhook: Webhook) -> None: ...
    async def save(self, tx: Transaction, webhook: Webhook) -> None: ...
    async def one(
        self, tx: Transaction, identifier: str, *, locked: bool = False
    ) -> Webhook | None: ...
    async def of_project(self, tx: Transaction, project_id: str) -> list[Webhook]: ...
    async def remove(self, tx: Transaction, identifier: str) -> None:
        """With its deliveries."""
        ...

    async def enqueue(self, tx: Transaction, deliveries: Sequence[Delivery]) -> None:
        """Add; one that is there stays as it is."""
        ...

    async def claim(
        self, tx: Transaction, now: int, *, until: int, limit: int
    ) -> list[tuple[Delivery, Webhook]]:
        """Due deliveries of active webhooks that nobody else has, leased until then."""
        ...

    async def save_delivery(self, tx: Transaction, delivery: Delivery) -> None:
        """Write its state, and end its lease."""
        ...

    async def delivery(
        self, tx: Transaction, webhook_id: str, identifier: str
    ) -> Delivery | None: ...
    async def deliveries(
        self, tx: Transaction, webhook_id: str, *, before: int | None, limit: int
    ) -> list[Delivery]:
        """Newest first."""
        ...

    async def prune(self, tx: Transaction, before: int) -> None:
        """Drop ended ones that are older."""
        ...


class WebhookSender(Protocol):
    """Sends to addresses that may be asked."""

    def check(self, url: str) -> None:
        """InvalidInput for a URL whose form is refused."""
        ...

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer; InvalidInput says why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class WebhookPolicy:
    """attempts: of one delivery before it has failed. failures: failed attempts in a row after
    which a webhook is disabled. kept_ms: how long an ended delivery is listed.
    """

    attempts: int
    failures: int
    kept_ms: int


class Webhooks:
    """Use cases over the webhooks of the caller's project."""

    def __init__(
        self,
        *,
        database: Database,
        store: WebhookStore,
        sender: WebhookSender,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._sender = sender
        self._audit = audit
        self._clock = clock

    async def list(self, call: Call) -> dict[str, Any]:
        """Return all, without their secrets."""
        async with self._database.read() as tx:
            found = await self._store.of_project(tx, call.project.id)
        return {"webhooks": [webhook_item(webhook) for webhook in found]}

    async def create(
        self, call: Call, *, url: str, events: Sequence[str], description: str
    ) -> dict[str, Any]:
        """Register a URL; its secret is in this answer alone. InvalidInput, Conflict."""
        self._sender.check(url)
        webhook = Webhook(
            id=uuid4().hex,
            project_id=call.project.id,
            url=url,
            secret=new_secret(),
            events=_known(events),
            description=description,
            created_at=self._clock.now_ms(),
        )
        async with self._database.write() as tx:
            if len(await self._store.of_project(tx, call.project.id)) >= _MOST_WEBHOOKS:
                raise Conflict(f"a project may have {_MOST_WEBHOOKS} webhooks; delete one first")
            await self._store.add(tx, webhook)
            await self._log(tx, call, "webhook.create", webhook)
        return webhook_item(webhook) | {"secret": webhook.secret}

    async def change(
        self,
        call: Call,
        identifier: str,
        *,
        url: str | None,
        events: Sequence[str] | None,
        active: bool | None,
    ) -> dict[str, Any]:
        """Change URL, event types, or whether it is active; NotFound, InvalidInput."""
        if url is not None:
            self._sender.check(url)
        async with self._database.write() as tx:
            webhook = await self._own(tx, call, identifier, locked=True)
            if url is not None:
                webhook = replace(webhook, url=url)
            if events is not None:
                webhook = replace(webhook, events=_known(events))
            if active is True:
                webhook = replace(webhook, failures=0, disabled_reason="")
            elif active is False:
                webhook = replace(webhook, disabled_reason="switched off")
            await self._store.save(tx, webhook)
            await self._log(tx, call, "webhook.change", webhook)
        return webhook_item(webhook)

    async def delete(self, call: Call, identifier: str) -> dict[str, Any]:
        """Delete it with its deliveries; NotFound."""
        async with self._database.write() as tx:
            webhook = await self._own(tx, call, identifier)
            await self._store.remove(tx, webhook.id)
            await self._log(tx, call, "webhook.delete", webhook)
        return {"success": True}

    async def ping(self, call: Call, identifier: str) -> dict[str, Any]:
        """Enqueue a test delivery; NotFound, Conflict for a disabled one."""
        async with self._database.write() as tx:
            webhook = await self._own(tx, call, identifier)
            _check_active(webhook)
            occurrence = Occurrence(PING, uuid4().hex, {"webhook_id": webhook.id})
            delivery = delivery_of(webhook, occurrence, self._clock.now_ms())
            await self._store.enqueue(tx, [delivery])
        return delivery_item(delivery)

    async def deliveries(
        self, call: Call, identifier: str, *, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """Return deliveries, newest first, and the cursor of those that follow; NotFound."""
        if cursor is not None and not (cursor.isascii() and cursor.isdigit()):
            raise InvalidInput("`cursor` must be the `next_cursor` of an earlier answer")
        async with self._database.read() as tx:
            webhook = await self._own(tx, call, identifier)
            found = await self._store.deliveries(
                tx,
                webhook.id,
                before=None if cursor is None else min(int(cursor), (1 << 63) - 1),
                limit=limit + 1,
            )
        shown, more = found[:limit], len(found) > limit
        return {
            "deliveries": [delivery_item(delivery) for delivery in shown],
            "next_cursor": str(shown[-1].position) if more else None,
        }

    async def redeliver(self, call: Call, identifier: str, delivery_id: str) -> dict[str, Any]:
        """Send a delivery again, with its id; NotFound, Conflict for a disabled webhook."""
        async with self._database.write() as tx:
            webhook = await self._own(tx, call, identifier)
            found = await self._store.delivery(tx, webhook.id, delivery_id)
            if found is None:
                raise NotFound(f"there is no delivery {delivery_id!r}")
            _check_active(webhook)
            now = self._clock.now_ms()
            again = replace(found, status="pending", attempts=0, next_at=now, ended_at=None)
            await self._store.save_delivery(tx, again)
        return delivery_item(again)

    async def _own(
        self, tx: Transaction, call: Call, identifier: str, *, locked: bool = False
    ) -> Webhook:
        webhook = await self._store.one(tx, identifier, locked=locked)
        if webhook is None or webhook.project_id != call.project.id:
            raise NotFound(f"there is no webhook {identifier!r}")
        return webhook

    async def _log(self, tx: Transaction, call: Call, operation: str, webhook: Webhook) -> None:
        targets = [f"webhook:{webhook.id}"]
        await self._audit.record(tx, call.project.id, call.actor, operation, targets=targets)


class WebhookQueue:
    """Enqueues what happened, in the transaction in which it is noted."""

    def __init__(self, *, store: WebhookStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def tell(self, tx: Transaction, project_id: str, occurrence: Occurrence) -> None:
        """A delivery for each active webhook of the project that wants it."""
        found = await self._store.of_project(tx, project_id)
        wanting = [
            webhook
            for webhook in found
            if not webhook.disabled_reason and occurrence.type in webhook.events
        ]
        now = self._clock.now_ms()
        deliveries = [delivery_of(webhook, occurrence, now) for webhook in wanting]
        await self._store.enqueue(tx, deliveries)


class WebhookDispatcher:
    """Sends what is due. Several gateways share the work: each leases what it sends."""

    def __init__(
        self,
        *,
        database: Database,
        store: WebhookStore,
        sender: WebhookSender,
        clock: Clock,
        policy: WebhookPolicy,
    ) -> None:
        self._database = database
        self._store = store
        self._sender = sender
        self._clock = clock
        self._policy = policy

    async def once(self) -> int:
        """Send all that is due now; how many attempts there were."""
        total = 0
        while True:
            now = self._clock.now_ms()
            async with self._database.write() as tx:
                claimed = await self._store.claim(tx, now, until=now + _LEASE_MS, limit=_AT_ONCE)
            if not claimed:
                return total
            await asyncio.gather(*(self._send(delivery, hook) for delivery, hook in claimed))
            total += len(claimed)

    async def prune(self) -> None:
        """Drop deliveries that ended long enough ago."""
        async with self._database.write() as tx:
            await self._store.prune(tx, self._clock.now_ms() - self._policy.kept_ms)

    async def _send(self, delivery: Delivery, webhook: Webhook) -> None:
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: signature(webhook.secret, self._clock.now_ms() // 1000, body),
            "Memloom-Delivery": delivery.id,
            "Memloom-Event": delivery.event_type,
        }
        answer, error = None, ""
        try:
            answer = await self._sender.post(webhook.url, body, headers)
        except InvalidInput as refused:
            error = refused.message
        if answer is not None and answer not in _SUCCESS:
            error = f"the host answered {answer}; a status from 200 to 299 is waited for"
        await self._note(delivery, answer, error_text(error))

    async def _note(self, delivery: Delivery, answer: int | None, error: str) -> None:
        now = self._clock.now_ms()
        tried = replace(delivery, attempts=delivery.attempts + 1, answer_status=answer, error=error)
        if not error:
            tried = replace(tried, status="delivered", ended_at=now)
        elif tried.attempts >= self._policy.attempts:
            tried = replace(tried, status="failed", ended_at=now)
        else:
            tried = replace(tried, next_at=now + wait_ms(tried.attempts))
        async with self._database.write() as tx:
            webhook = await self._store.one(tx, delivery.webhook_id, locked=True)
            if webhook is None:
                return
            await self._store.save_delivery(tx, tried)
            failures = webhook.failures + 1 if error else 0
            if failures == webhook.failures:
                return
            webhook = replace(webhook, failures=failures)
            if failures >= self._policy.failures and not webhook.disabled_reason:
                reason = f"disabled after {failures} failed attempts in a row; the last: {error}"
                webhook = replace(webhook, disabled_reason=reason)
                _log.warning("webhook.disabled", webhook=webhook.id, project=webhook.project_id)
            await self._store.save(tx, webhook)


def _known(events: Sequence[str]) -> tuple[str, ...]:
    unknown = sorted(set(events) - set(EVENT_TYPES))
    if unknown or not events:
        raise InvalidInput(
            f"`events` must name some of {', '.join(EVENT_TYPES)}"
            + (f", and {unknown[0]!r} is none" if unknown else "")
        )
    return tuple(sorted(set(events)))


def _check_active(webhook: Webhook) -> None:
    if webhook.disabled_reason:
        raise Conflict(
            f"the webhook is {webhook.disabled_reason}; switch it on again first (active: true)"
        )
