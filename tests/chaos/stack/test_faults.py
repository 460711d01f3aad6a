"""Faults on the real stack, six services of their own: lost 0, doubled 0.

Each test names its fault, uploads before, during and after it, and counts what was accepted
against what ended, what the search finds, and what the system of record holds. A dependency that
is down never fills a dead-letter topic. `MEMLOOM_TEST_STORM=200` makes each a storm of so many.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from services.kernel.adapters.kafka_bus import KafkaDeadLetters, apply_topics
from services.kernel.contracts.topics import PARSED
from tests.support.faults import Servers, private_servers
from tests.support.services import StackMemloom, service_names
from tests.support.settings import settings
from tests.support.storm import Counts, Document, Ledger, count, documents, upload
from tests.support.storm_of_corrections import Rules
from tests.support.waiting import until

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.asyncio(loop_scope="module"),
]

Fault = Callable[["World"], Awaitable[None]]


class World:
    """The servers, Memloom on them, and the table of what happened."""

    def __init__(self, stack: Servers, memloom: StackMemloom) -> None:
        self.stack = stack
        self.memloom = memloom
        self.ledger: Ledger | None = None
        self.down_seconds = 30.0 if settings().storm else 5.0

    async def run(self, name: str, fault: Fault) -> Counts:
        """Half before, half during and after; then count."""
        begun = time.monotonic()
        label = f"{name.replace(' ', '').replace('-', '').replace('.', '')}x"
        all_of_them = documents(settings().storm or 30, label)
        knowledge_base = await asyncio.to_thread(self.memloom.create_kb, name)
        ledger = self.ledger = Ledger(knowledge_base)
        half = len(all_of_them) // 2
        await asyncio.to_thread(upload, self.memloom, ledger, all_of_them[:half])
        rest = asyncio.create_task(
            asyncio.to_thread(upload, self.memloom, ledger, all_of_them[half:])
        )
        await fault(self)
        await rest
        counted = await count(name, self.stack, self.memloom, ledger, begun=begun)
        print(counted.row())  # noqa: T201 - the fault table
        return counted


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("faults")
    async with private_servers("kafka", "tika", "s3", "postgres") as stack:
        await apply_topics(stack.connections().kafka)
        memloom = StackMemloom(folder / "data", servers=stack.environment())
        await asyncio.to_thread(memloom.start)
        try:
            yield World(stack, memloom)
        finally:
            await asyncio.to_thread(memloom.stop)


def whole(counted: Counts) -> None:
    """Nothing lost, nothing doubled, nothing set aside, nothing failed."""
    assert counted.accepted == counted.completed + counted.failed
    assert (counted.lost, counted.doubled, counted.dead_letters, counted.failed) == (0, 0, 0, 0)


@pytest.mark.parametrize("service", [name for name in service_names() if name != "feedback"])
async def test_kill_9_of_a_service(world: World, service: str) -> None:
    async def fault(world: World) -> None:
        world.memloom.kill_one(service)
        await asyncio.to_thread(world.memloom.restart_one, service)

    whole(await world.run(f"kill -9 {service}", fault))


async def test_kill_9_of_feedback_amid_corrections(world: World) -> None:
    """Every sentence that was taken becomes one correction: none lost, none applied twice."""
    of = settings().storm or 30
    memloom = world.memloom
    rules = Rules(await asyncio.to_thread(memloom.create_kb, "corrected"), of)
    begun = time.monotonic()
    await asyncio.to_thread(rules.upload, memloom)
    giving = asyncio.create_task(asyncio.to_thread(rules.correct, memloom))
    await until(lambda: len(rules.tasks) >= of // 3, within=120)
    memloom.kill_one("feedback")
    await asyncio.to_thread(memloom.restart_one, "feedback")
    await giving
    counted = await asyncio.to_thread(rules.count, memloom, seconds=300 + 2 * of)
    letters = KafkaDeadLetters(world.stack.connections().kafka)
    dead = await letters.list()
    await letters.close()
    print(f"{'kill -9 feedback':<34} {counted} {time.monotonic() - begun:>6.1f} s")  # noqa: T201 - the fault table
    assert (counted.lost, counted.doubled, len(dead)) == (0, 0, 0)


async def test_kill_9_of_all_services_at_once(world: World) -> None:
    async def fault(world: World) -> None:
        world.memloom.kill()
        await asyncio.to_thread(world.memloom.start)

    whole(await world.run("kill -9 all services", fault))


async def test_broker_restart(world: World) -> None:
    async def fault(world: World) -> None:
        await world.stack.kill("kafka")
        await world.stack.start("kafka")

    whole(await world.run("kill -9 broker", fault))


async def test_tika_killed(world: World) -> None:
    async def fault(world: World) -> None:
        await world.stack.kill("tika")
        await asyncio.sleep(world.down_seconds)
        await world.stack.start("tika")

    whole(await world.run("kill -9 tika", fault))


@pytest.mark.parametrize("server", ["s3", "postgres"])
async def test_a_store_is_stopped_for_a_while(world: World, server: str) -> None:
    async def fault(world: World) -> None:
        await world.stack.stop(server)
        await asyncio.sleep(world.down_seconds)
        await world.stack.start(server)

    whole(await world.run(f"{server} stopped {world.down_seconds:.0f} s", fault))


async def test_second_members_join_and_leave_while_they_work(world: World) -> None:
    """A second gateway (which takes uploads too), ingest and parser: rebalances in the middle of
    the work, and two relays over one outbox.
    """

    async def fault(world: World) -> None:
        second = StackMemloom(world.memloom.data / "second", servers=world.stack.environment())
        second.data.mkdir(parents=True, exist_ok=True)
        names = ("gateway", "ingest", "parser")
        for name in names:
            second.launch(name)
        for name in names:
            await asyncio.to_thread(second.wait_ready, name)
        assert world.ledger is not None
        await asyncio.to_thread(upload, second, world.ledger, documents(10, "secondgateway"))
        assert await asyncio.to_thread(second.stop) == 0

    whole(await world.run("members join and leave", fault))


async def test_poison_is_set_aside_once_and_the_rest_goes_on(world: World) -> None:
    """Header, JSON, envelope, schema: each becomes one dead letter with its cause. A document
    whose content is broken is no dead letter: it is FAILED with its code.
    """

    async def fault(world: World) -> None:
        from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - a foreign producer

        producer = AIOKafkaProducer(
            bootstrap_servers=world.stack.connections().kafka.bootstrap, acks="all"
        )
        await producer.start()
        envelope = b'{"event_id":"00000000-0000-4000-8000-000000000001","type":"no.such.event"}'
        for value, headers in (
            (b"{}", [("traceparent", b"\xff\xfe")]),
            (b"not json \xff", []),
            (envelope, []),
            (b"", []),
        ):
            await producer.send_and_wait(PARSED.name, key=b"poison", value=value, headers=headers)
        await producer.stop()
        broken = Document("broken.pdf", "none", b"%PDF-1.7 this was cut off")
        assert world.ledger is not None
        await asyncio.to_thread(upload, world.memloom, world.ledger, [broken])

    counted = await world.run("poison", fault)
    assert (counted.lost, counted.doubled, counted.failed) == (0, 0, 1)
    assert counted.dead_letters == 4
    letters = KafkaDeadLetters(world.stack.connections().kafka)
    for letter in await letters.list():
        assert letter.topic == PARSED.name
        assert letter.cause
        await letters.drop(letter.id)
    assert await letters.list() == []
    await letters.close()
