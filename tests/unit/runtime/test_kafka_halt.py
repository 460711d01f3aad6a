"""A consumer of Kafka that halted stands still as a member of its group, and goes on by itself.

The driver is played: it yields its one partition's records, honours pause, resume and seek, and
commits what a handler that returned was given. The real one is in `tests/contract/bus`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from faststream.exceptions import NackMessage

from services.kernel.adapters.kafka_bus.connection import Connection
from services.kernel.adapters.kafka_bus.consumer import GroupConsumer
from services.kernel.contracts.verdicts import Ack, Halt, Verdict
from services.kernel.ports.bus import IncomingRecord, Route
from services.kernel.runtime.connections import KafkaSettings
from tests.support.clock import ManualClock
from tests.support.waiting import until

PART = TopicPartition("work.v1", 0)


@dataclass
class Record:
    """As the driver yields it."""

    offset: int
    consumer: "Driver"
    topic: str = PART.topic
    partition: int = PART.partition
    key: bytes = b"k"
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def value(self) -> bytes:
        return str(self.offset).encode()


@dataclass
class Driver:
    """One consumer with one partition."""

    records: int
    position: int = 0
    committed: int = 0
    paused: bool = False
    assigned: set[TopicPartition] = field(default_factory=lambda: {PART})

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def pause(self, *_: TopicPartition) -> None:
        self.paused = True

    def resume(self, *_: TopicPartition) -> None:
        self.paused = False

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.position = offset

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed = offsets[PART]


class Subscriber:
    """Where FastStream would be: fetches, calls the handler, acknowledges or rewinds."""

    def __init__(self, driver: Driver, parser: Callable[[Any], Awaitable[Any]]) -> None:
        self.consumer = driver
        self._parser = parser
        self._handle: Callable[[Any], Awaitable[None]] | None = None

    def __call__(self, handle: Callable[[Any], Awaitable[None]]) -> None:
        self._handle = handle

    async def run(self) -> None:
        driver = self.consumer
        assert self._handle is not None
        while True:
            if driver.paused or driver.position >= driver.records:
                await asyncio.sleep(0)
                continue
            message = await self._parser(Record(driver.position, driver))
            driver.position += 1
            try:
                await self._handle(message)
            except NackMessage:
                await message.nack()
            else:
                await message.ack()


class Broker:
    """Makes the subscriber."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.made: list[Subscriber] = []

    def subscriber(self, *_: object, **known: Any) -> Subscriber:
        self.made.append(Subscriber(self._driver, known["parser"]))
        return self.made[-1]


async def test_a_halted_group_stands_still_and_goes_on_by_itself() -> None:
    clock, driver = ManualClock(), Driver(records=4)
    broker = Broker(driver)
    seen: list[bytes] = []
    halts = [Halt("wrong", seconds=30), Halt("still wrong", seconds=60)]

    async def deliver(record: IncomingRecord) -> Verdict:
        seen.append(record.value)
        return halts.pop(0) if record.value == b"1" and halts else Ack()

    group = GroupConsumer(
        broker,  # type: ignore[arg-type] # played
        Route("work.v1", "a.work", deliver),
        Connection(KafkaSettings(bootstrap="nowhere:1"), client_id="tests"),
        clock,
    )
    fetching = asyncio.ensure_future(broker.made[0].run())
    try:
        await until(lambda: group.halted == "wrong")
        await until(lambda: clock.sleepers == 1)
        assert driver.paused
        # What a rebalance brings stands still, too.
        driver.resume()
        group.take({PART})
        assert driver.paused
        assert (seen, driver.committed) == ([b"0", b"1"], 1)
        await clock.advance(31)
        await until(lambda: group.halted == "still wrong")
        await until(lambda: clock.sleepers == 1)
        await clock.advance(31)
        assert (seen, driver.committed) == ([b"0", b"1", b"1"], 1)
        await clock.advance(30)
        await until(lambda: driver.committed == 4)
        assert seen == [b"0", b"1", b"1", b"1", b"2", b"3"]
        assert group.halted is None
        await group.drain(1)
    finally:
        fetching.cancel()
