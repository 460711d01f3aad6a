"""What the whole process tells of itself on its public port, and on its admin port."""

import asyncio
import time
from pathlib import Path

import httpx

from services.kernel.adapters.kafka_bus import KafkaBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts import topics
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.topics import Service
from services.kernel.contracts.verdicts import SetAside
from services.kernel.runtime.connections import KafkaSettings
from services.kernel.runtime.dispatch import Subscription
from services.kernel.runtime.lifecycle import Runtime, ServiceParts
from services.kernel.runtime.settings import RuntimeSettings
from tests.support.embedded import KEY, free_port
from tests.support.sql import sqlite_database
from tests.support.waiting import until
from tests.support.within import within

EVERY = {
    "bus",
    "consumers",
    "disk",
    "gateway.database",
    "ingest.blobs",
    "parser.reader",
    "memorizer.database",
    "retriever.index",
    "feedback.database",
}
SECRET = "no answer from 10.0.0.7:5432 as memloom_admin"


async def test_every_check_of_every_service_is_told_on_the_public_port(tmp_path: Path) -> None:
    port = free_port()
    async with (
        within(tmp_path / "data", runtime={"admin_port": port}) as memloom,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as admin,
    ):
        public = await memloom.http.get("/health/ready")
        assert public.status_code == 200, public.text
        checks = public.json()["checks"]
        assert set(checks) >= EVERY, set(checks)
        assert set(checks.values()) == {"ok"}
        own = await admin.get("/health/ready")
        assert (own.status_code, set(own.json()["checks"])) == (200, set(checks))
        assert "memloom_consumer_lag" in (await admin.get("/metrics")).text

        memloom.runtime.health.stopping = True
        for client in (memloom.http, admin):
            stopping = await client.get("/health/ready")
            assert (stopping.status_code, stopping.json()["checks"]["process"]) == (503, "stopping")
            assert (await client.get("/health/live")).status_code == 200


async def test_reasons_are_for_operators_alone(tmp_path: Path) -> None:
    async def down() -> None:
        raise DependencyUnavailable(SECRET)

    port = free_port()
    async with (
        within(tmp_path / "data", runtime={"admin_port": port}) as memloom,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as admin,
    ):
        memloom.runtime.health.add("store", down, at_once=True)
        for number in range(RuntimeSettings().fuse):
            memloom.runtime.fuse.judge("parser.documents", str(number), SetAside(SECRET))
        for path in ("/health", "/health/ready"):
            told = await memloom.http.get(path)
            assert told.status_code == 503
            assert told.json()["checks"]["store"] == "not ok"
            assert told.json()["checks"]["consumers"] == "halted"
            assert "10.0.0.7" not in told.text
            wrong = await memloom.http.get(path, headers={"authorization": "Token mpg-wrong"})
            assert "10.0.0.7" not in wrong.text
            full = await memloom.http.get(path, headers={"authorization": f"Token {KEY}"})
            assert full.json()["checks"]["store"] == SECRET
            assert SECRET in full.json()["halted"]["parser.documents"]
        own = (await admin.get("/health/ready")).json()
        assert own["checks"]["store"] == SECRET
        assert SECRET in own["halted"]["parser.documents"]


async def test_without_kafka_searches_go_on(tmp_path: Path) -> None:
    """A broker that is away: who only searches does not know it, who accepts writes is degraded."""
    settings = KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}")
    asked: list[float] = []

    async def index() -> None:
        asked.append(time.monotonic())

    async def started(*parts: ServiceParts) -> Runtime:
        bus = KafkaBus(settings, client_id="test", clock=SystemClock())
        runtime = Runtime(
            parts, bus=bus, clock=SystemClock(), settings=RuntimeSettings(health_seconds=0.05)
        )
        await runtime.start()
        return runtime

    retriever = await started(ServiceParts(Service.RETRIEVER, checks={"index": index}))
    gateway = await started(
        ServiceParts(
            Service.GATEWAY,
            database=sqlite_database(tmp_path, name="gateway.db"),
            subscriptions=(Subscription(topics.TASKS, "gateway.tasks", {}),),
        )
    )
    report = await retriever.health.ready()
    assert (report.status, set(report.checks)) == ("ok", {"retriever.index", "consumers"})
    report = await gateway.health.ready()
    assert (report.ready, report.status, report.degraded) == (True, "degraded", ("bus",))
    await until(lambda: len(asked) > 3)
    await asyncio.gather(retriever.stop(), gateway.stop())
