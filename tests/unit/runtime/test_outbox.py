"""The relay: nothing skipped, nothing lost, one bad row holds back its key alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import update

from services.kernel.adapters.sql import SqlDatabase
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.events import Envelope, Event
from services.kernel.contracts.topics import Service
from services.kernel.ports.bus import OutgoingRecord, Route
from services.kernel.runtime.outbox import Outbox, OutboxRelay
from tests.support.clock import ManualClock
from tests.support.events import stored, submitted
from tests.support.sql import RUNTIME, migrated, postgres_database, sqlite_database
from tests.support.waiting import until


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlDatabase]:
    fresh = sqlite_database(tmp_path) if request.param == "sqlite" else postgres_database()
    async with migrated(fresh) as ready:
        yield ready


class MoodyBus:
    """Remembers what it took; may be down, or refuse single keys."""

    def __init__(self) -> None:
        self.taken: list[OutgoingRecord] = []
        self.down = False
        self.refused: set[str] = set()
        self.pause: asyncio.Event | None = None

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        if self.pause is not None:
            await self.pause.wait()
        if self.down:
            raise DependencyUnavailable("the bus is down")
        if any(record.key in self.refused for record in records):
            raise ValueError("too large")
        self.taken.extend(records)

    def said(self, key: str | None = None) -> list[str]:
        return [
            str(Envelope.model_validate_json(record.value).payload["name"])
            for record in self.taken
            if key is None or record.key == key
        ]

    async def start(self, routes: Sequence[Route]) -> None:
        raise NotImplementedError

    async def stop(self, grace: float) -> None:
        raise NotImplementedError

    async def lag(self) -> dict[str, int]:
        return {}

    async def check(self) -> None:
        return

    async def close(self) -> None:
        return


class World:
    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.clock = ManualClock()
        self.bus = MoodyBus()
        self.outbox = Outbox(Service.GATEWAY, clock=self.clock)
        self.relay = self.new_relay()

    def new_relay(self) -> OutboxRelay:
        return OutboxRelay(self.database, self.bus, clock=self.clock, outbox=self.outbox)

    async def add(self, *events: Event) -> None:
        async with self.database.write() as tx:
            await self.outbox.add(tx, events, correlation_id="request", traceparent="tp")


@pytest.fixture
def world(database: SqlDatabase) -> World:
    return World(database)


async def test_what_was_committed_leaves_in_order_and_once(world: World) -> None:
    await world.add(submitted("a", name="1"), submitted("b", name="2"))
    await world.add(submitted("a", name="3"))
    assert await world.relay.pending() == 3
    assert await world.relay.flush() == 3
    assert world.bus.said() == ["1", "2", "3"]
    assert await world.relay.pending() == 0
    assert await world.relay.flush() == 0
    record = world.bus.taken[0]
    envelope = Envelope.model_validate_json(record.value)
    assert record.headers == {
        "content-type": b"application/json",
        "traceparent": b"tp",
        "memloom-project": b"p",
    }
    assert (record.topic, record.key) == ("kb.document.v1", "a")
    assert (envelope.producer, envelope.correlation_id) == ("gateway", "request")
    assert envelope.traceparent == "tp"


async def test_what_was_rolled_back_never_leaves(world: World) -> None:
    async def fail() -> None:
        async with world.database.write() as tx:
            await world.outbox.add(tx, [submitted("a")])
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
    assert await world.relay.flush() == 0
    assert world.bus.taken == []


async def test_a_bus_that_is_down_loses_nothing(world: World) -> None:
    await world.add(submitted("a", name="1"))
    world.bus.down = True
    for _ in range(3):
        with pytest.raises(DependencyUnavailable):
            await world.relay.flush()
    world.bus.down = False
    assert await world.relay.flush() == 1
    assert world.bus.said() == ["1"]


async def test_a_row_that_is_refused_holds_back_its_key_alone(world: World) -> None:
    world.bus.refused = {"bad"}
    await world.add(
        submitted("bad", name="1"), submitted("good", name="2"), submitted("bad", name="3")
    )
    assert await world.relay.flush() == 1
    assert world.bus.said() == ["2"]
    world.bus.refused = set()
    await world.add(submitted("good", name="4"), submitted("bad", name="5"))
    assert await world.relay.flush() == 1
    assert world.bus.said() == ["2", "4"]
    assert await world.relay.flush() == 0
    await world.clock.advance(400)
    assert await world.relay.flush() == 3
    assert world.bus.said("bad") == ["1", "3", "5"]


async def test_two_relays_share_and_do_not_double(world: World) -> None:
    keys = [f"k{n}" for n in range(40)]
    for turn in range(5):
        await world.add(*(submitted(key, name=f"{key}-{turn}") for key in keys))
    relays = [world.new_relay() for _ in range(3)]
    while await world.relay.pending():
        await asyncio.gather(*(relay.flush() for relay in relays))
    assert len(world.bus.taken) == 200
    for key in keys:
        assert world.bus.said(key) == [f"{key}-{turn}" for turn in range(5)]


async def test_a_relay_that_lost_its_lease_deletes_nothing(world: World) -> None:
    await world.add(submitted("a", name="1"))
    world.bus.pause = asyncio.Event()
    slow = asyncio.create_task(world.relay.flush())

    async def leased() -> bool:
        async with world.database.read() as tx:
            rows = await tx.all(RUNTIME.leases.select())
        return bool(rows)

    await until(leased)
    # Somebody else took the range over, and failed to publish.
    async with world.database.write() as tx:
        await tx.execute(update(RUNTIME.leases).values(owner="another"))
    world.bus.pause.set()
    world.bus.pause = None
    await slow
    assert await world.relay.pending() == 1
    async with world.database.write() as tx:
        await tx.execute(update(RUNTIME.leases).values(until=0))
    await world.relay.flush()
    assert await world.relay.pending() == 0


async def test_a_commit_wakes_the_relay_at_once(world: World) -> None:
    running = asyncio.create_task(world.relay.run())
    # The clock stands still, so only the commit can wake it.
    await until(lambda: world.clock.sleepers > 0)
    await world.add(stored("a"))
    await until(lambda: len(world.bus.taken) == 1)
    running.cancel()
    await asyncio.wait({running})


async def test_what_another_process_committed_is_found_by_polling(world: World) -> None:
    running = asyncio.create_task(world.relay.run())
    await until(lambda: world.clock.sleepers > 0)
    stranger = Outbox(Service.GATEWAY, clock=world.clock)
    async with world.database.write() as tx:
        await stranger.add(tx, [stored("a")])
    assert world.bus.taken == []
    await world.clock.advance(1.5)
    await until(lambda: len(world.bus.taken) == 1)
    running.cancel()
    await asyncio.wait({running})


async def test_the_relay_outlives_an_outage(world: World) -> None:
    world.bus.down = True
    running = asyncio.create_task(world.relay.run())
    await world.add(stored("a"))
    await until(lambda: world.clock.sleepers > 0)
    world.bus.down = False

    async def gone() -> bool:
        await world.clock.advance(1)
        return len(world.bus.taken) == 1

    await until(gone)
    running.cancel()
    await asyncio.wait({running})


async def test_events_without_a_cause_have_new_ids(world: World) -> None:
    await world.add(submitted("a"))
    await world.add(submitted("a"))
    await world.relay.flush()
    ids = {Envelope.model_validate_json(record.value).event_id for record in world.bus.taken}
    assert len(ids) == 2
