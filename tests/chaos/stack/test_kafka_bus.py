"""What only a real broker shows: poison below our own code, rebalances, drains, commits.

The behaviour that every bus has is in `tests/contract/bus`.
"""

import asyncio
import json
from collections import Counter

import pytest
from aiokafka import AIOKafkaProducer

from services.kernel.adapters.kafka_bus import KafkaBus, KafkaDeadLetters, apply_topics
from services.kernel.adapters.kafka_bus.connection import connection_arguments
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.errors import DependencyUnavailable, NotFound
from services.kernel.contracts.verdicts import Ack, Halt, SetAside, Verdict, Wait
from services.kernel.ports.bus import IncomingRecord, OutgoingRecord, Route
from services.kernel.runtime.connections import KafkaSettings
from tests.support.stack import a_kafka_bus, a_topic, forget_topics, kafka_settings
from tests.support.waiting import until

pytestmark = pytest.mark.real

WORK = a_topic("work.v1", "a.work", "b.work")


async def send_raw(
    settings: KafkaSettings,
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes]],
) -> None:
    """As a foreign producer would."""
    producer = AIOKafkaProducer(**connection_arguments(settings, "foreign"))
    await producer.start()
    try:
        topic = settings.prefix + WORK.name
        await producer.send_and_wait(topic, key=key, value=value, headers=headers)
    finally:
        await producer.stop()


async def test_poison_at_every_layer_is_set_aside_and_the_rest_goes_on() -> None:
    settings = kafka_settings(partitions=1)
    good: list[str] = []

    async def deliver(record: IncomingRecord) -> Verdict:
        try:
            trace = record.headers.get("traceparent", b"").decode()
            event = json.loads(record.value)
        except ValueError as error:
            return SetAside(f"{type(error).__name__}", code=50002, attempts=record.delivery)
        good.append(event["id"] + trace)
        return Ack()

    poison: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
        (b"k", b"{}", [("traceparent", b"\xff\xfe\x00")]),
        (b"\xff\xfe", b"{not json", []),
        (b"k", None, []),
        (b"k", b"\xff\xfe\x00", [("x", b"1"), ("x", b"2")]),
    ]
    async with a_kafka_bus(settings, (WORK,)) as bus:
        await send_raw(settings, b"k", b'{"id": "first"}', [])
        for key, value, headers in poison:
            await send_raw(settings, key, value, headers)
        await send_raw(settings, b"k", b'{"id": "last"}', [])
        await bus.start([Route(WORK.name, "a.work", deliver, workers=2)])
        await until(lambda: good == ["first", "last"])
        letters = KafkaDeadLetters(settings, catalogue=(WORK,))
        found = await letters.list()
        assert [letter.value for letter in found] == [v or b"" for _, v, _ in poison]
        assert found[0].headers == {"traceparent": b"\xff\xfe\x00"}
        assert found[1].key.encode("utf-8", "surrogateescape") == b"\xff\xfe"
        assert {letter.group for letter in found} == {"a.work"}
        assert found[0].origin == f"{settings.prefix}work.v1-0@1"
        assert found[0].error_code == 50002
        await until(lambda: _lag_is(bus, "a.work", 0))
        await letters.close()


async def _lag_is(bus: KafkaBus, group: str, expected: int) -> bool:
    return (await bus.lag())[group] == expected


async def test_a_replayed_letter_reaches_its_own_group_only_and_keeps_its_bytes() -> None:
    settings = kafka_settings(partitions=1)
    mended = False
    seen: list[tuple[str, bytes, dict[str, bytes]]] = []

    def deliver_for(group: str) -> Route:
        async def deliver(record: IncomingRecord) -> Verdict:
            if group == "a.work" and not mended:
                return SetAside("broken", attempts=3)
            seen.append((group, record.value, dict(record.headers)))
            return Ack()

        return Route(WORK.name, group, deliver, workers=1)

    async with a_kafka_bus(settings, (WORK,)) as bus:
        await bus.start([deliver_for("a.work"), deliver_for("b.work")])
        await bus.publish([OutgoingRecord(WORK.name, "k", b"\x00bytes", {"h": b"\xff"})])
        letters = KafkaDeadLetters(settings, catalogue=(WORK,))

        async def one_letter() -> bool:
            return len(await letters.list(group="a.work")) == 1

        await until(one_letter)
        (letter,) = await letters.list()
        assert letter.attempts == 3
        mended = True
        await letters.replay(letter.id)
        await until(lambda: len(seen) == 2)
        await until(lambda: _lag_is(bus, "b.work", 0))
        assert sorted(seen) == [
            ("a.work", b"\x00bytes", {"h": b"\xff"}),
            ("b.work", b"\x00bytes", {"h": b"\xff"}),
        ]
        assert await letters.list() == []
        with pytest.raises(NotFound):
            await letters.drop(letter.id)
        await letters.close()


async def test_members_join_and_leave_while_they_work_and_nothing_is_lost_or_doubled() -> None:
    """Fault: rebalances. Counts: lost 0, doubled 0 (a rebalance waits for running handlers)."""
    settings = kafka_settings(partitions=6)
    handled: Counter[str] = Counter()
    order: dict[str, list[int]] = {}

    async def deliver(record: IncomingRecord) -> Verdict:
        await asyncio.sleep(0.01)
        handled[record.value.decode()] += 1
        order.setdefault(record.key, []).append(int(record.value.decode().split("/")[1]))
        return Ack()

    count, keys = 300, 20
    route = Route(WORK.name, "a.work", deliver, workers=3)
    async with a_kafka_bus(settings, (WORK,)) as first:
        await first.start([route])
        await first.publish(
            [
                OutgoingRecord(WORK.name, f"key{n % keys}", f"key{n % keys}/{n}".encode())
                for n in range(count)
            ]
        )
        await until(lambda: len(handled) > 20)
        second = KafkaBus(settings, client_id="second", clock=SystemClock(), catalogue=(WORK,))
        await second.start([route])
        await until(lambda: len(handled) > 120)
        await second.stop(10.0)
        await until(lambda: len(handled) == count, within=60)
        await until(lambda: _lag_is(first, "a.work", 0))
    lost = count - len(handled)
    doubled = sum(handled.values()) - len(handled)
    assert (lost, doubled) == (0, 0)
    assert all(numbers == sorted(numbers) for numbers in order.values())


@pytest.mark.timeout(60)
async def test_a_drain_lets_the_running_handler_finish_and_commits_it() -> None:
    settings = kafka_settings(partitions=1)
    began, go = asyncio.Event(), asyncio.Event()
    handled: list[bytes] = []

    async def deliver(record: IncomingRecord) -> Verdict:
        began.set()
        await go.wait()
        handled.append(record.value)
        return Ack()

    route = Route(WORK.name, "a.work", deliver, workers=2)
    async with a_kafka_bus(settings, (WORK,)) as bus:
        await bus.publish([OutgoingRecord(WORK.name, "k", value) for value in (b"1", b"2")])
        await bus.start([route])
        await began.wait()
        stopping = asyncio.create_task(bus.stop(20.0))
        await asyncio.sleep(0)
        go.set()
        await stopping
        assert handled == [b"1"]
        await bus.start([route])
        await until(lambda: handled == [b"1", b"2"])


async def test_a_wait_keeps_order_never_dead_letters_and_ends_at_once_on_a_stop() -> None:
    settings = kafka_settings(partitions=1)
    down = True
    handled: list[bytes] = []
    deliveries: list[int] = []

    async def deliver(record: IncomingRecord) -> Verdict:
        deliveries.append(record.delivery)
        if down:
            return Wait(0.05, "the reader is down")
        handled.append(record.value)
        return Ack()

    async with a_kafka_bus(settings, (WORK,)) as bus:
        await bus.publish([OutgoingRecord(WORK.name, "k", value) for value in (b"1", b"2", b"3")])
        await bus.start([Route(WORK.name, "a.work", deliver, workers=2)])
        await until(lambda: len(deliveries) >= 4)
        assert deliveries[:4] == [1, 2, 3, 4]
        assert handled == []
        down = False
        await until(lambda: handled == [b"1", b"2", b"3"])
        letters = KafkaDeadLetters(settings, catalogue=(WORK,))
        assert await letters.list() == []

        async def wait_long(record: IncomingRecord) -> Verdict:
            deliveries.append(0)
            return Wait(3_600, "down")

        await bus.stop(5.0)
        await bus.publish([OutgoingRecord(WORK.name, "k", b"4")])
        await bus.start([Route(WORK.name, "a.work", wait_long, workers=2)])
        await until(lambda: deliveries[-1] == 0)
        async with asyncio.timeout(4.0):
            await bus.stop(60.0)


async def test_the_fuse_stops_one_group_and_leaves_its_record() -> None:
    settings = kafka_settings(partitions=1)
    other: list[bytes] = []

    async def broken(record: IncomingRecord) -> Verdict:
        return Halt("ten records in a row cannot be understood")

    async def fine(record: IncomingRecord) -> Verdict:
        other.append(record.value)
        return Ack()

    async with a_kafka_bus(settings, (WORK,)) as bus:
        await bus.publish([OutgoingRecord(WORK.name, "k", value) for value in (b"1", b"2")])
        await bus.start(
            [Route(WORK.name, "a.work", broken, workers=2), Route(WORK.name, "b.work", fine)]
        )
        await until(lambda: "a.work" in bus.halted())
        await until(lambda: other == [b"1", b"2"])
        assert await bus.lag() == {"a.work": 2, "b.work": 0}


async def test_a_handler_that_raises_is_asked_again_and_blocks_nothing_for_ever() -> None:
    settings = kafka_settings(partitions=1)
    seen: list[int] = []

    async def deliver(record: IncomingRecord) -> Verdict:
        seen.append(record.delivery)
        if record.delivery == 1:
            raise RuntimeError("not an answer")
        return Ack()

    async with a_kafka_bus(settings, (WORK,)) as bus:
        await bus.start([Route(WORK.name, "a.work", deliver, workers=2)])
        await bus.publish([OutgoingRecord(WORK.name, "k", b"1")])
        await until(lambda: seen == [1, 2])
        await until(lambda: _lag_is(bus, "a.work", 0))


async def _acknowledge(record: IncomingRecord) -> Verdict:
    return Ack()


async def test_a_cluster_that_is_not_there_is_a_dependency_that_is_down() -> None:
    nowhere = kafka_settings(bootstrap="127.0.0.1:1", publish_seconds=2.0)
    bus = KafkaBus(nowhere, client_id="tests", clock=SystemClock(), catalogue=(WORK,))
    with pytest.raises(DependencyUnavailable):
        await bus.publish([OutgoingRecord(WORK.name, "k", b"1")])
    with pytest.raises(DependencyUnavailable):
        await bus.check()
    with pytest.raises(DependencyUnavailable):
        await bus.start([Route(WORK.name, "a.work", _acknowledge)])
    await bus.stop(1.0)


async def test_topics_are_applied_once_and_mended_when_they_differ() -> None:
    settings = kafka_settings(partitions=2)
    first = await apply_topics(settings, catalogue=(WORK,))
    assert len(first.created) == 3
    again = await apply_topics(settings, catalogue=(WORK,))
    assert again.created == ()
    assert again.changed == ()
    assert len(again.kept) == 3
    shorter = a_topic("work.v1", "a.work", "b.work")
    shorter = type(shorter)(
        **{f: getattr(shorter, f) for f in shorter.__slots__} | {"retention_ms": 60_000}
    )
    mended = await apply_topics(settings, catalogue=(shorter,), partitions=5)
    assert mended.changed == (settings.prefix + "work.v1",)
    assert mended.differing == (settings.prefix + "work.v1",)
    await forget_topics(settings)
