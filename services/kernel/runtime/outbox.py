"""Events leave with the state that they tell of: written in its transaction, published after it.

A request handler adds its events in its own transaction:

    async with database.write() as tx:
        await store.insert(tx, document)
        await outbox.add(tx, [DocumentSubmitted(...)], correlation_id=request_id)

The relay of the service publishes them (at once in the same process, else by polling) and deletes
what was acknowledged. Rows are never skipped by a cursor: one that cannot be published holds back
its key and nothing else.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import uuid4
from zlib import crc32

import structlog
from sqlalchemy import (
    BigInteger,
    RowMapping,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.events import Envelope, Event
from services.kernel.contracts.ids import derive
from services.kernel.contracts.telemetry import CONTENT_TYPE, JSON, PROJECT, TRACEPARENT
from services.kernel.contracts.topics import Service
from services.kernel.ports.bus import Bus, OutgoingRecord
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.attempts import upsert
from services.kernel.runtime.policy import Done, Raised, attempt, growing
from services.kernel.runtime.tables import RUNTIME
from services.kernel.runtime.tracing import current_traceparent

SLOTS: Final = 16
BATCH: Final = 256
LONGEST_BACKOFF: Final = 300.0

_OUTBOX = RUNTIME.outbox
_LEASES = RUNTIME.leases
_log = structlog.get_logger(__name__)


class Outbox:
    """Wraps events into envelopes and writes them beside the state."""

    def __init__(self, producer: Service, *, clock: Clock) -> None:
        self._producer = producer
        self._clock = clock
        self._wake: list[Callable[[], None]] = []

    def records(
        self,
        events: Sequence[Event],
        *,
        correlation_id: str = "",
        causation_id: str = "",
        seed: str = "",
        traceparent: str | None = None,
    ) -> list[tuple[Envelope, OutgoingRecord]]:
        """What would travel. With a cause, ids are derived from it (and `seed`), the type, the
        key and the ordinal: the same handling, done twice, says the same. Without, they are new.
        """
        traceparent = current_traceparent() if traceparent is None else traceparent
        result = []
        for ordinal, event in enumerate(events):
            envelope = Envelope.wrap(
                event,
                event_id=derive("event", causation_id, seed, event.TYPE, event.key(), ordinal)
                if causation_id
                else uuid4(),
                time=self._clock.now_ms(),
                producer=self._producer.value,
                correlation_id=correlation_id,
                causation_id=causation_id,
                traceparent=traceparent,
            )
            headers = {CONTENT_TYPE: JSON}
            project = str(getattr(event, "project_id", ""))
            if project:
                headers[PROJECT] = project.encode()
            if traceparent:
                headers[TRACEPARENT] = traceparent.encode()
            value = envelope.model_dump_json().encode()
            result.append((envelope, OutgoingRecord(event.TOPIC.name, event.key(), value, headers)))
        return result

    async def add(
        self,
        tx: Transaction,
        events: Sequence[Event],
        *,
        correlation_id: str = "",
        causation_id: str = "",
        seed: str = "",
        traceparent: str | None = None,
    ) -> list[Envelope]:
        """Write them in the caller's transaction; they leave once it is committed."""
        if not events:
            return []
        prepared = self.records(
            events,
            correlation_id=correlation_id,
            causation_id=causation_id,
            seed=seed,
            traceparent=traceparent,
        )
        await tx.execute(insert(_OUTBOX), [_row(*pair) for pair in prepared])
        tx.on_commit(self.wake)
        return [envelope for envelope, _ in prepared]

    def wake(self) -> None:
        """There may be something to publish."""
        for callback in self._wake:
            callback()

    def on_wake(self, callback: Callable[[], None]) -> None:
        """Call it whenever something was committed."""
        self._wake.append(callback)


class OutboxRelay:
    """Publishes a database's outbox. Any number may run, in any number of processes: each range
    of keys is leased while it is worked on, and the final delete names the lease.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        *,
        clock: Clock,
        outbox: Outbox | None = None,
        poll_seconds: float = 1.0,
        lease_seconds: float = 5.0,
    ) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._poll = poll_seconds
        self._lease = lease_seconds
        self._owner = str(uuid4())
        self._signal = asyncio.Event()
        if outbox is not None:
            outbox.on_wake(self._signal.set)

    async def run(self) -> None:
        """Until cancelled. A bus or database that is down is waited for."""
        failures = 0
        while True:
            self._signal.clear()
            try:
                moved = await self._round()
            except DependencyUnavailable as error:
                _log.warning("outbox.waiting", error=error.message)
                await self._clock.sleep(growing(0.2, 10.0, failures))
                failures += 1
                continue
            failures = 0
            if not moved:
                await self._rest()

    async def flush(self) -> int:
        """Publish all that is due now; how many. DependencyUnavailable when that cannot be."""
        total = 0
        while moved := await self._round():
            total += moved
        return total

    async def pending(self) -> int:
        """Events that have not left yet."""
        async with self._database.read() as tx:
            row = await tx.first(select(func.count().label("n")).select_from(_OUTBOX))
        return 0 if row is None else int(row["n"])

    async def _rest(self) -> None:
        signal = asyncio.ensure_future(self._signal.wait())
        timer = asyncio.ensure_future(self._clock.sleep(self._poll))
        try:
            await asyncio.wait({signal, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            signal.cancel()
            timer.cancel()

    async def _round(self) -> int:
        """Take a range, publish, delete; how many rows were published."""
        if not await self._is_due():
            return 0
        rows = await self._claim()
        if not rows:
            return 0
        done, failed, down = await self._publish(rows)
        await self._settle(done, failed)
        if down is not None:
            raise down
        return len(done)

    async def _is_due(self) -> bool:
        async with self._database.read() as tx:
            return (
                await tx.first(
                    select(_OUTBOX.c.position)
                    .where(_OUTBOX.c.due_at <= self._clock.now_ms())
                    .limit(1)
                )
                is not None
            )

    async def _claim(self) -> list[RowMapping]:
        now = self._clock.now_ms()
        until = now + int(self._lease * 1000)
        due = (
            select(_OUTBOX.c.slot, literal(self._owner), literal(until, BigInteger))
            .where(
                _OUTBOX.c.due_at <= now,
                _OUTBOX.c.slot.not_in(select(_LEASES.c.slot).where(_LEASES.c.until > now)),
            )
            .distinct()
        )
        async with self._database.write() as tx:
            ours = await tx.all(
                upsert(tx, _LEASES)
                .from_select(["slot", "owner", "until"], due)
                .on_conflict_do_update(
                    index_elements=[_LEASES.c.slot],
                    set_={"owner": self._owner, "until": until},
                    where=_LEASES.c.until <= now,
                )
                .returning(_LEASES.c.slot)
            )
            if not ours:
                return []
            return await self._rows(tx, [row["slot"] for row in ours], now)

    async def _rows(self, tx: Transaction, slots: Sequence[int], now: int) -> list[RowMapping]:
        earlier = _OUTBOX.alias("earlier")
        held_back = exists().where(
            and_(
                earlier.c.key == _OUTBOX.c.key,
                earlier.c.position <= _OUTBOX.c.position,
                earlier.c.due_at > now,
            )
        )
        return await tx.all(
            select(_OUTBOX)
            .where(_OUTBOX.c.slot.in_(slots), ~held_back)
            .order_by(_OUTBOX.c.position)
            .limit(BATCH)
        )

    async def _publish(
        self, rows: Sequence[RowMapping]
    ) -> tuple[list[int], list[RowMapping], DependencyUnavailable | None]:
        """Positions that are durable on the bus, rows that it refused, and why it is down."""
        result = await self._hand_over(rows)
        if isinstance(result, Done):
            return [row["position"] for row in rows], [], None
        if isinstance(result.error, DependencyUnavailable):
            return [], [], result.error
        done: list[int] = []
        failed: dict[str, RowMapping] = {}
        for row in rows:
            if row["key"] in failed:
                continue
            result = await self._hand_over([row])
            if isinstance(result, Done):
                done.append(row["position"])
            elif isinstance(result.error, DependencyUnavailable):
                return done, list(failed.values()), result.error
            else:
                _log.error("outbox.refused", event_id=row["event_id"], exc_info=result.error)
                failed[row["key"]] = row
        return done, list(failed.values()), None

    async def _hand_over(self, rows: Sequence[RowMapping]) -> Done[None] | Raised:
        """Publish, and renew the lease for as long as that takes."""
        publishing = asyncio.ensure_future(attempt(self._bus.publish([_record(r) for r in rows])))
        try:
            while not publishing.done():
                done, _ = await asyncio.wait({publishing}, timeout=self._lease / 3)
                if not done:
                    await self._renew()
        finally:
            publishing.cancel()
        return publishing.result()

    async def _renew(self) -> None:
        until = self._clock.now_ms() + int(self._lease * 1000)
        async with self._database.write() as tx:
            await tx.execute(
                update(_LEASES).where(_LEASES.c.owner == self._owner).values(until=until)
            )

    async def _settle(self, done: Sequence[int], failed: Sequence[RowMapping]) -> None:
        now = self._clock.now_ms()
        ours = select(_LEASES.c.slot).where(_LEASES.c.owner == self._owner)
        async with self._database.write() as tx:
            if done:
                await tx.execute(
                    delete(_OUTBOX).where(_OUTBOX.c.position.in_(done), _OUTBOX.c.slot.in_(ours))
                )
            for row in failed:
                wait = growing(1.0, LONGEST_BACKOFF, row["failures"])
                await tx.execute(
                    update(_OUTBOX)
                    .where(_OUTBOX.c.position == row["position"], _OUTBOX.c.slot.in_(ours))
                    .values(failures=row["failures"] + 1, due_at=now + int(wait * 1000))
                )
            await tx.execute(
                update(_LEASES).where(_LEASES.c.owner == self._owner).values(owner="", until=0)
            )


def _row(envelope: Envelope, record: OutgoingRecord) -> dict[str, Any]:
    return {
        "event_id": str(envelope.event_id),
        "topic": record.topic,
        "key": record.key,
        "slot": crc32(record.key.encode()) % SLOTS,
        "value": record.value,
        "headers": json.dumps({name: value.decode() for name, value in record.headers.items()}),
        "created_at": envelope.time,
        "due_at": 0,
        "failures": 0,
    }


def _record(row: RowMapping) -> OutgoingRecord:
    headers = {name: value.encode() for name, value in json.loads(row["headers"]).items()}
    return OutgoingRecord(row["topic"], row["key"], bytes(row["value"]), headers)
