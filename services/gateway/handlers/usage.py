"""Usage by project and day: counted in memory, written in the background."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from services.gateway.domain.usage import (
    LONGEST_DAYS,
    Count,
    Metric,
    by_day,
    day_of,
    days_until,
    totals,
)
from services.gateway.handlers.calls import Call
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction


class UsageStore(Protocol):
    """Usage by day."""

    async def add(self, tx: Transaction, counts: Sequence[Count]) -> None:
        """Add the amounts to those that are there."""
        ...

    async def since(self, tx: Transaction, project_id: str, day: str) -> list[Count]:
        """What the project used from that day on."""
        ...

    async def prune(self, tx: Transaction, before: str) -> None:
        """Drop what was used before that day."""
        ...


class Meter:
    """Counts what is used. flush_seconds: how often it is written; a crash loses what was counted
    since, and never more.
    """

    def __init__(
        self, *, database: Database, store: UsageStore, clock: Clock, flush_seconds: float
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._flush_seconds = flush_seconds
        self._counted: Counter[tuple[str, str, str]] = Counter()

    def count(self, project_id: str, metric: Metric, amount: int = 1) -> None:
        """Count it now."""
        if amount:
            self._counted[project_id, day_of(self._clock.now_ms()), metric] += amount

    def count_with(self, tx: Transaction, project_id: str, metric: Metric, amount: int = 1) -> None:
        """Count it once the transaction is committed."""
        tx.on_commit(lambda: self.count(project_id, metric, amount))

    async def flush(self) -> None:
        """Write what was counted; what cannot be written waits for the next time."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        written = False
        try:
            async with self._database.write() as tx:
                counts = [Count(*key, amount) for key, amount in counted.items()]
                await self._store.add(tx, counts)
            written = True
        finally:
            if not written:
                self._counted += counted

    async def shown(self, call: Call, days: int) -> dict[str, Any]:
        """Return the project's usage of the last days, today's last."""
        await self.flush()
        listed = days_until(self._clock.now_ms(), days)
        async with self._database.read() as tx:
            found = await self._store.since(tx, call.project.id, listed[0])
        lines = by_day(found, listed)
        return {
            "days": lines,
            "totals": totals(lines),
            "note": "days are UTC; each server counts in memory and writes every "
            f"{self._flush_seconds:g} s, and one that crashes loses what it counted since",
        }

    async def prune(self) -> None:
        """Drop the days that nobody can ask for any more."""
        first = days_until(self._clock.now_ms(), LONGEST_DAYS)[0]
        async with self._database.write() as tx:
            await self._store.prune(tx, first)
