"""Statements over the rates of keys; they never commit."""

from sqlalchemy import delete, select, update

from services.gateway.domain.buckets import Allowance, Bucket, take, wait_seconds
from services.gateway.store.statements import upsert
from services.gateway.store.tables import RATES
from services.kernel.ports.store import Transaction

_MS = 1000


class SqlRateStore:
    """Implements `handlers.rates.RateStore`."""

    async def take(
        self,
        tx: Transaction,
        name: str,
        allowance: Allowance,
        now_ms: int,
        *,
        least: float,
        most: float,
    ) -> tuple[float, float]:
        await tx.execute(
            upsert(tx, RATES)
            .values(name=name, tokens=allowance.burst, updated_at=now_ms)
            .on_conflict_do_nothing()
        )
        row = await tx.first(select(RATES).where(RATES.c.name == name).with_for_update())
        assert row is not None  # noqa: S101 - it was inserted above
        bucket = Bucket(float(row["tokens"]), row["updated_at"] / _MS)
        taken = take(bucket, allowance, now_ms / _MS, least=least, most=most)
        if taken > 0:
            await tx.execute(
                update(RATES)
                .where(RATES.c.name == name)
                .values(tokens=bucket.tokens, updated_at=now_ms)
            )
        return taken, wait_seconds(bucket, allowance, least)

    async def prune(self, tx: Transaction, before_ms: int) -> None:
        await tx.execute(delete(RATES).where(RATES.c.updated_at < before_ms))
