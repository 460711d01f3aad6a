"""What the adapters do while a server is away, and that they go on by themselves after it.

Every fault is named; every test counts what was lost.
"""

import asyncio

import pytest
from sqlalchemy import func, insert, select

from services.kernel.adapters.kafka_bus import KafkaBus, apply_topics
from services.kernel.adapters.minio_blobs import MinioBlobs
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.verdicts import Ack, Verdict
from services.kernel.ports.bus import IncomingRecord, OutgoingRecord, Route
from tests.support.faults import Servers, private_servers
from tests.support.sql import METADATA, MIGRATIONS, THINGS
from tests.support.stack import a_topic
from tests.support.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.slow]

WORK = a_topic("work.v1", "a.work")


def _bus(stack: Servers, name: str) -> KafkaBus:
    settings = stack.connections().kafka.model_copy(
        update={"partitions": 4, "publish_seconds": 2.0, "session_timeout_ms": 6_000}
    )
    return KafkaBus(settings, client_id=name, clock=SystemClock(), catalogue=(WORK,))


@pytest.mark.parametrize("fault", ["kill -9", "clean stop"])
async def test_a_broker_that_restarts_loses_no_acknowledged_record(fault: str) -> None:
    """Fault: the only broker ends while one process publishes and another consumes."""
    async with private_servers("kafka") as stack:
        await apply_topics(stack.connections().kafka, catalogue=(WORK,), partitions=4)
        writer, reader = _bus(stack, "writer"), _bus(stack, "reader")
        handled: dict[str, int] = {}

        async def deliver(record: IncomingRecord) -> Verdict:
            text = record.value.decode()
            handled[text] = handled.get(text, 0) + 1
            return Ack()

        acknowledged: list[str] = []
        refused = 0
        done = asyncio.Event()

        async def publish() -> None:
            nonlocal refused
            number = 0
            while not done.is_set():
                text = str(number)
                try:
                    await writer.publish([OutgoingRecord(WORK.name, text[-1], text.encode())])
                except DependencyUnavailable:
                    refused += 1
                    continue
                acknowledged.append(text)
                number += 1
                await asyncio.sleep(0.005)

        await reader.start([Route(WORK.name, "a.work", deliver, workers=2)])
        publishing = asyncio.create_task(publish())
        await until(lambda: len(handled) > 50)
        if fault == "kill -9":
            await stack.kill("kafka")
        else:
            await stack.stop("kafka")
        await until(lambda: refused > 0)
        before = len(acknowledged)
        await stack.start("kafka")
        await until(lambda: len(acknowledged) > before + 50, within=60)
        done.set()
        await publishing
        await until(lambda: set(acknowledged) <= set(handled), within=60)
        lost = set(acknowledged) - set(handled)
        assert lost == set()
        await asyncio.gather(writer.close(), reader.close())


async def test_a_blob_store_that_is_stopped_is_a_wait_and_comes_back() -> None:
    """Fault: MinIO stops; what was acknowledged before is there after."""
    async with private_servers("s3") as stack:
        blobs = MinioBlobs(stack.connections().minio)
        before = await blobs.put("a/1", b"before")
        await stack.kill("s3")
        for refused in (blobs.put("a/2", b"x"), blobs.get("a/1"), blobs.check(), blobs.info("a/1")):
            with pytest.raises(DependencyUnavailable):
                await refused
        await stack.start("s3")
        assert await blobs.get("a/1") == b"before"
        assert await blobs.info("a/1") == before
        await blobs.put("a/2", b"after")
        assert [path async for path in blobs.list("a/")] == ["a/1", "a/2"]
        await blobs.close()


@pytest.mark.parametrize("fault", ["kill -9", "clean stop"])
async def test_a_database_that_goes_is_a_wait_and_comes_back(fault: str) -> None:
    """Fault: PostgreSQL ends between and inside transactions; committed rows stay, others not."""
    async with private_servers("postgres") as stack:
        database = SqlDatabase(
            stack.connections().postgres.url_for("gateway"),
            metadata=METADATA,
            migrations=MIGRATIONS,
        )
        await database.migrate()

        async def add(name: str) -> None:
            async with database.write() as tx:
                await tx.execute(insert(THINGS).values(id=name, count=1))

        await add("before")

        async def end() -> None:
            if fault == "kill -9":
                await stack.kill("postgres")
            else:
                await stack.stop("postgres")

        async def torn() -> None:
            async with database.write() as tx:
                await tx.execute(insert(THINGS).values(id="torn", count=1))
                await end()
                await tx.execute(insert(THINGS).values(id="torn2", count=1))

        with pytest.raises(DependencyUnavailable):
            await torn()
        with pytest.raises(DependencyUnavailable):
            await add("down")
        with pytest.raises(DependencyUnavailable):
            await database.check()
        await stack.start("postgres")
        await add("after")
        async with database.read() as tx:
            names = [row["id"] for row in await tx.all(select(THINGS.c.id).order_by(THINGS.c.id))]
            total = await tx.first(select(func.count().label("n")).select_from(THINGS))
        assert names == ["after", "before"]
        assert total is not None
        assert total["n"] == 2
        await database.close()
