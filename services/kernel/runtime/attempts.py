"""Inbox and attempts: what a group has handled, and what it has only begun."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, delete, exists, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.coalesce import Coalescer
from services.kernel.runtime.tables import RUNTIME

_INBOX = RUNTIME.inbox
_ATTEMPTS = RUNTIME.attempts


@dataclass(frozen=True, slots=True)
class Delivered:
    """Which event, for which consumer group."""

    consumer: str
    event_id: str


def upsert(tx: Transaction, table: Any) -> Any:
    """An insert that can say `on_conflict_...`, on either engine."""
    return postgresql.insert(table) if tx.dialect == "postgresql" else sqlite.insert(table)


class Attempts:
    """Counts handlings before they begin, so that a record that kills the process is known."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.begin: Coalescer[Delivered, int] = Coalescer(self._begin)

    async def _begin(self, items: Sequence[Delivered]) -> list[int]:
        """Which attempt this is, 1 for the first; 0 where the event was handled before."""
        results = dict.fromkeys(items, 0)
        async with self._database.write() as tx:
            # One order for all, or two processes could wait for each other.
            for item in sorted(results, key=lambda item: (item.consumer, item.event_id)):
                results[item] = await self._count(tx, item)
        return [results[item] for item in items]

    async def _count(self, tx: Transaction, item: Delivered) -> int:
        now = self._clock.now_ms()
        unhandled = select(
            literal(item.consumer), literal(item.event_id), literal(1), literal(now, BigInteger)
        ).where(~exists().where(_matches(_INBOX, item)))
        row = await tx.first(
            upsert(tx, _ATTEMPTS)
            .from_select(["consumer", "event_id", "started", "last_at"], unhandled)
            .on_conflict_do_update(
                index_elements=[_ATTEMPTS.c.consumer, _ATTEMPTS.c.event_id],
                set_={"started": _ATTEMPTS.c.started + 1, "last_at": now},
            )
            .returning(_ATTEMPTS.c.started)
        )
        return 0 if row is None else int(row["started"])

    async def undo(self, item: Delivered) -> None:
        """It did not really begin (a dependency was down, the process is stopping)."""
        async with self._database.write(small=True) as tx:
            await tx.execute(
                update(_ATTEMPTS)
                .where(_matches(_ATTEMPTS, item), _ATTEMPTS.c.started > 0)
                .values(started=_ATTEMPTS.c.started - 1)
            )

    async def finish(self, tx: Transaction, item: Delivered, *, handled: bool) -> bool:
        """Forget the attempts. handled: remember the event; False where it was there already."""
        await tx.execute(delete(_ATTEMPTS).where(_matches(_ATTEMPTS, item)))
        if not handled:
            return True
        inserted = await tx.execute(
            upsert(tx, _INBOX)
            .values(
                consumer=item.consumer,
                event_id=item.event_id,
                handled_at=self._clock.now_ms(),
            )
            .on_conflict_do_nothing()
        )
        return inserted == 1

    async def prune(self, before_ms: int) -> int:
        """Forget what was handled before then; how many. Older than any retention, or a repeat
        could be handled twice.
        """
        async with self._database.write() as tx:
            return await tx.execute(delete(_INBOX).where(_INBOX.c.handled_at < before_ms))


def _matches(table: Any, item: Delivered) -> Any:
    return (table.c.consumer == item.consumer) & (table.c.event_id == item.event_id)
