"""Statements over webhooks and their deliveries; they never commit."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import and_, delete, exists, or_, select, update

from services.gateway.domain.webhooks import Delivery, Webhook
from services.gateway.store.statements import upsert
from services.gateway.store.tables import DELIVERIES, WEBHOOKS
from services.kernel.ports.store import Transaction


def _webhook(row: Mapping[Any, Any]) -> Webhook:
    return Webhook(
        id=row["id"],
        project_id=row["project_id"],
        url=row["url"],
        secret=row["secret"],
        events=tuple(json.loads(row["events"])),
        description=row["description"],
        created_at=row["created_at"],
        failures=row["failures"],
        disabled_reason=row["disabled_reason"],
    )


def _webhook_row(webhook: Webhook) -> dict[str, Any]:
    return {**asdict(webhook), "events": json.dumps(list(webhook.events))}


def _delivery(row: Mapping[Any, Any]) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__dataclass_fields__})


class SqlWebhookStore:
    """Implements `handlers.webhooks.WebhookStore`."""

    async def add(self, tx: Transaction, webhook: Webhook) -> None:
        await tx.execute(upsert(tx, WEBHOOKS).values(**_webhook_row(webhook)))

    async def save(self, tx: Transaction, webhook: Webhook) -> None:
        row = _webhook_row(webhook)
        await tx.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == row.pop("id")).values(**row))

    async def one(
        self, tx: Transaction, identifier: str, *, locked: bool = False
    ) -> Webhook | None:
        statement = select(WEBHOOKS).where(WEBHOOKS.c.id == identifier)
        row = await tx.first(statement.with_for_update() if locked else statement)
        return None if row is None else _webhook(row)

    async def of_project(self, tx: Transaction, project_id: str) -> list[Webhook]:
        rows = await tx.all(
            select(WEBHOOKS)
            .where(WEBHOOKS.c.project_id == project_id)
            .order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.id)
        )
        return [_webhook(row) for row in rows]

    async def remove(self, tx: Transaction, identifier: str) -> None:
        await tx.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook_id == identifier))
        await tx.execute(delete(WEBHOOKS).where(WEBHOOKS.c.id == identifier))

    async def enqueue(self, tx: Transaction, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            row = asdict(delivery)
            del row["position"]
            await tx.execute(
                upsert(tx, DELIVERIES).values(**row).on_conflict_do_nothing(index_elements=["id"])
            )

    async def claim(
        self, tx: Transaction, now: int, *, until: int, limit: int
    ) -> list[tuple[Delivery, Webhook]]:
        active = exists().where(
            WEBHOOKS.c.id == DELIVERIES.c.webhook_id, WEBHOOKS.c.disabled_reason == ""
        )
        rows = await tx.all(
            select(DELIVERIES)
            .where(
                DELIVERIES.c.status == "pending",
                DELIVERIES.c.next_at <= now,
                or_(DELIVERIES.c.leased_until.is_(None), DELIVERIES.c.leased_until <= now),
                active,
            )
            .order_by(DELIVERIES.c.next_at, DELIVERIES.c.position)
            .limit(limit)
            # Another gateway takes the ones that this one has not.
            .with_for_update(skip_locked=True)
        )
        found = [_delivery(row) for row in rows]
        if not found:
            return []
        await tx.execute(
            update(DELIVERIES)
            .where(DELIVERIES.c.id.in_([delivery.id for delivery in found]))
            .values(leased_until=until)
        )
        owners = await tx.all(
            select(WEBHOOKS).where(WEBHOOKS.c.id.in_({one.webhook_id for one in found}))
        )
        by_id = {row["id"]: _webhook(row) for row in owners}
        return [(one, by_id[one.webhook_id]) for one in found if one.webhook_id in by_id]

    async def save_delivery(self, tx: Transaction, delivery: Delivery) -> None:
        row = asdict(delivery)
        for name in ("id", "position", "body"):
            del row[name]
        await tx.execute(
            update(DELIVERIES)
            .where(DELIVERIES.c.id == delivery.id)
            .values(**row, leased_until=None)
        )

    async def delivery(self, tx: Transaction, webhook_id: str, identifier: str) -> Delivery | None:
        row = await tx.first(
            select(DELIVERIES).where(
                and_(DELIVERIES.c.id == identifier, DELIVERIES.c.webhook_id == webhook_id)
            )
        )
        return None if row is None else _delivery(row)

    async def deliveries(
        self, tx: Transaction, webhook_id: str, *, before: int | None, limit: int
    ) -> list[Delivery]:
        statement = select(DELIVERIES).where(DELIVERIES.c.webhook_id == webhook_id)
        if before is not None:
            statement = statement.where(DELIVERIES.c.position < before)
        rows = await tx.all(statement.order_by(DELIVERIES.c.position.desc()).limit(limit))
        return [_delivery(row) for row in rows]

    async def prune(self, tx: Transaction, before: int) -> None:
        await tx.execute(
            delete(DELIVERIES).where(
                DELIVERIES.c.status != "pending", DELIVERIES.c.created_at < before
            )
        )
