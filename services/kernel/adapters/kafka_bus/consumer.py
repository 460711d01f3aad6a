"""One consumer group's share in this process: from Kafka's record to the verdict and its commit.

FastStream runs the consumers and, under `NACK_ON_ERROR`, commits after a handler that returns
and rewinds after one that raises. What it lacks is here: a parser that cannot fail, a commit of
exactly one record, a rebalance that waits for running handlers, a drain, and the verdicts.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.middlewares import AckPolicy

from services.kernel.adapters.kafka_bus.connection import Connection
from services.kernel.adapters.kafka_bus.records import incoming, meant_for, position, to_letter
from services.kernel.contracts.errors import MemloomError
from services.kernel.contracts.verdicts import (
    Ack,
    Fail,
    Halt,
    Ignore,
    Retry,
    SetAside,
    Verdict,
    Wait,
)
from services.kernel.ports.bus import Route
from services.kernel.ports.clock import Clock

_log = logging.getLogger("memloom.bus")

# A wait is slept in place at most so long, then the record is fetched again: far inside
# max_poll_interval_ms, and a stop or a rebalance ends it at once.
_LONGEST_SLEEP = 30.0
# A handler that raised instead of answering: its record is tried again after this.
_AFTER_A_FAULT = 1.0
# Of the rebalance timeout, what running handlers may use; the rest is for joining again.
_SHARE_OF_REBALANCE = 0.75


class _Flight:
    """A record being handled. `landed`: its offset is committed or rewound."""

    def __init__(self) -> None:
        self.landed = asyncio.Event()
        self.wake = asyncio.Event()
        self.work: asyncio.Task[Verdict] | None = None


class _Message(KafkaAckableMessage):
    """Commits its own offset and no other, and tells its group when that is done."""

    def __init__(self, record: Any, consumer: Any, group: "GroupConsumer") -> None:
        super().__init__(
            body=record.value or b"",
            headers={},
            message_id=position(record),
            raw_message=record,
            consumer=consumer,
        )
        self.record = record
        self.partition = TopicPartition(record.topic, record.partition)
        self._driver = consumer
        self._group = group

    async def ack(self) -> None:
        try:
            await self._driver.commit({self.partition: self.record.offset + 1})
        except (CommitFailedError, IllegalStateError):
            # The partition went to another member while we worked: it handles the record again.
            _log.info("not committed, the partition moved: %s", position(self.record))
        finally:
            self._group.land(self.partition)

    async def nack(self) -> None:
        try:
            self._driver.seek(self.partition, self.record.offset)
        except IllegalStateError:
            _log.info("not rewound, the partition moved: %s", position(self.record))
        finally:
            self._group.land(self.partition)


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types here
    """Lets the running handlers of revoked partitions finish and commit, for a bounded time."""

    def __init__(self, group: "GroupConsumer", seconds: float) -> None:
        self._group = group
        self._seconds = seconds

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._group.settle(revoked, self._seconds)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._group.take(assigned)


class GroupConsumer:
    """A route on its broker. halted: why it stands still now, or None."""

    def __init__(
        self, broker: KafkaBroker, route: Route, connection: Connection, clock: Clock
    ) -> None:
        settings = connection.settings
        self.name = route.group
        self.topic = route.topic
        self.halted: str | None = None
        self._route = route
        self._connection = connection
        self._clock = clock
        self._closing = False
        self._flights: dict[TopicPartition, _Flight] = {}
        self._deliveries: dict[TopicPartition, tuple[int, int]] = {}
        self._resuming: asyncio.Task[None] | None = None
        self._subscriber = broker.subscriber(
            connection.topic(route.topic),
            group_id=connection.topic(route.group),
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            max_workers=route.workers,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=settings.session_timeout_ms // 4,
            max_poll_interval_ms=settings.max_poll_interval_ms,
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            fetch_max_wait_ms=500,
            listener=_Rebalance(self, _SHARE_OF_REBALANCE * settings.rebalance_timeout_ms / 1000),
            parser=self._parse,
            decoder=self._decode,
        )
        self._subscriber(self._handle)

    # What FastStream calls --------------------------------------------------------------------

    async def _parse(self, record: Any) -> _Message:
        """Cannot fail: FastStream's own parser loses a record whose header is no UTF-8."""
        # Several workers are several consumers, and the record knows its own.
        consumer = getattr(record, "consumer", None) or self._subscriber.consumer
        return _Message(record, consumer, self)

    async def _decode(self, message: _Message) -> _Message:
        return message

    async def _handle(self, message: _Message) -> None:
        """Returning commits, NackMessage rewinds."""
        if self._closing or self.halted is not None:
            # Consumers are being paused; what was fetched already goes back.
            await asyncio.sleep(0.01)
            raise NackMessage
        record = message.record
        if not meant_for(record, self.name):
            return
        flight = self._flights[message.partition] = _Flight()
        try:
            await self._settle_one(record, message.partition, flight)
        except asyncio.CancelledError:
            self.land(message.partition)
            raise

    # One record -------------------------------------------------------------------------------

    async def _settle_one(self, record: Any, part: TopicPartition, flight: _Flight) -> None:
        verdict = await self._verdict(record, part, flight)
        if isinstance(verdict, SetAside):
            verdict = await self._set_aside(record, verdict)
        match verdict:
            case Ack() | Ignore() | Fail():
                self._deliveries.pop(part, None)
            case Wait(seconds=seconds) | Retry(seconds=seconds):
                await self._sleep(seconds, flight)
                raise NackMessage
            case Halt():
                self._halt(verdict)
                raise NackMessage

    async def _verdict(self, record: Any, part: TopicPartition, flight: _Flight) -> Verdict:
        offset, count = self._deliveries.get(part, (record.offset, 0))
        delivery = count + 1 if offset == record.offset else 1
        self._deliveries[part] = (record.offset, delivery)
        seen = incoming(record, topic=self.topic, group=self.name, delivery=delivery)
        work = flight.work = asyncio.ensure_future(self._route.deliver(seen))
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            work.cancel()
            raise
        if work.cancelled():
            raise NackMessage
        fault = work.exception()
        if fault is not None:
            _log.error("a handler raised instead of answering", exc_info=fault)
            return Wait(_AFTER_A_FAULT, repr(fault))
        return work.result()

    async def _set_aside(self, record: Any, verdict: SetAside) -> Verdict:
        """Ack once the letter is durable; else Wait: the record must not be lost on the way."""
        letter = to_letter(
            record,
            verdict,
            topic=self.topic,
            group=self.name,
            now_ms=self._clock.now_ms(),
            prefix=self._connection.settings.prefix,
        )
        try:
            await self._connection.send([letter])
        except MemloomError as error:
            return Wait(_AFTER_A_FAULT, error.message)
        return Ack()

    async def _sleep(self, seconds: float, flight: _Flight) -> None:
        try:
            async with asyncio.timeout(min(max(seconds, 0.0), _LONGEST_SLEEP)):
                await flight.wake.wait()
        except TimeoutError:
            return

    def land(self, part: TopicPartition) -> None:
        """The record of that partition is committed or rewound."""
        flight = self._flights.pop(part, None)
        if flight is not None:
            flight.landed.set()

    # Rebalance, drain, halt -------------------------------------------------------------------

    def take(self, parts: set[TopicPartition]) -> None:
        """These partitions are ours from now on: counts belong to one ownership, and a group that
        halted stands still on new ones, too.
        """
        for part in parts:
            self._deliveries.pop(part, None)
        if self.halted is not None:
            self._pause()

    async def settle(self, parts: set[TopicPartition], seconds: float) -> None:
        """Wait until no record of these partitions is being handled, at most so long."""
        flights = [self._flights[part] for part in parts if part in self._flights]
        for flight in flights:
            flight.wake.set()
        if not flights:
            return
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(flight.landed.wait() for flight in flights))
        except TimeoutError:
            _log.warning("a rebalance took %s from running handlers of %s", len(parts), self.name)

    async def drain(self, grace: float) -> None:
        """Take nothing new, let running handlers finish for `grace` seconds, then cancel them."""
        self._closing = True
        if self._resuming is not None:
            self._resuming.cancel()
        self._pause()
        await self.settle(set(self._flights), grace)
        for flight in list(self._flights.values()):
            if flight.work is not None:
                flight.work.cancel()
        await self.settle(set(self._flights), 5.0)

    def _pause(self) -> None:
        for consumer in self._consumers():
            consumer.pause(*consumer.assignment())

    def _consumers(self) -> Sequence[Any]:
        single = self._subscriber.consumer
        found: Sequence[Any] = getattr(
            self._subscriber, "consumer_subgroup", [single] if single else []
        )
        return found

    def _halt(self, verdict: Halt) -> None:
        """Stand still, as a member of the group that fetches nothing, until the halt is over."""
        self.halted = verdict.reason
        _log.critical("%s stops for %.0f s: %s", self.name, verdict.seconds, verdict.reason)
        self._pause()
        if self._resuming is not None:
            self._resuming.cancel()
        if self._closing:
            return
        self._resuming = asyncio.ensure_future(self._resume(verdict.seconds))

    async def _resume(self, seconds: float) -> None:
        """Go on where the group stood."""
        await self._clock.sleep(seconds)
        # What is on its way back must be rewound before more is fetched.
        await self.settle(set(self._flights), _LONGEST_SLEEP)
        self.halted = None
        for consumer in self._consumers():
            consumer.resume(*consumer.assignment())
