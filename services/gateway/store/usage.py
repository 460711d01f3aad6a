"""Statements over usage by day; they never commit."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from services.gateway.domain.usage import Count
from services.gateway.store.statements import upsert
from services.gateway.store.tables import USAGE
from services.kernel.ports.store import Transaction


class SqlUsageStore:
    """Implements `handlers.usage.UsageStore`."""

    async def add(self, tx: Transaction, counts: Sequence[Count]) -> None:
        # In one order, so that two gateways that write the same rows wait and do not lock up.
        for count in sorted(counts, key=lambda one: (one.project_id, one.day, one.metric)):
            statement = upsert(tx, USAGE).values(
                project_id=count.project_id,
                day=count.day,
                metric=count.metric,
                amount=count.amount,
            )
            await tx.execute(
                statement.on_conflict_do_update(
                    index_elements=[USAGE.c.project_id, USAGE.c.day, USAGE.c.metric],
                    set_={"amount": USAGE.c.amount + statement.excluded.amount},
                )
            )

    async def since(self, tx: Transaction, project_id: str, day: str) -> list[Count]:
        rows = await tx.all(
            select(USAGE).where(USAGE.c.project_id == project_id, USAGE.c.day >= day)
        )
        return [Count(row["project_id"], row["day"], row["metric"], row["amount"]) for row in rows]

    async def prune(self, tx: Transaction, before: str) -> None:
        await tx.execute(delete(USAGE).where(USAGE.c.day < before))
