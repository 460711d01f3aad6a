"""A service from start to drain: database, relay, bus, gRPC, tasks, health, metrics."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from memloom.v1 import probe_pb2, probe_pb2_grpc
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import insert, select

from services.kernel.adapters.sql import SqlDatabase
from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts import topics
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.contracts.events import (
    DocumentStored,
    DocumentSubmitted,
    Envelope,
    Event,
)
from services.kernel.contracts.topics import Service
from services.kernel.ports.store import Transaction
from services.kernel.runtime import tracing
from services.kernel.runtime.dispatch import Outcome, Subscription
from services.kernel.runtime.lifecycle import Runtime, ServiceParts
from services.kernel.runtime.outbox import Outbox
from services.kernel.runtime.settings import RuntimeSettings
from tests.support.embedded import free_port
from tests.support.events import stored, submitted
from tests.support.sql import THINGS, sqlite_database
from tests.support.waiting import until


class Story:
    """A door, ingest and parser: what the door commits passes through both."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = SystemClock()
        self.bus = SqliteBus(folder / "bus.db", clock=self.clock, poll_seconds=0.05)
        self.door = sqlite_database(folder, name="gateway.db")
        self.ingest = sqlite_database(folder, name="ingest.db")
        self.outbox = Outbox(Service.GATEWAY, clock=self.clock)
        self.parsed: list[Envelope] = []
        self.ticks = 0
        self.closed: list[str] = []
        self.hold: asyncio.Event | None = None
        self.holding = asyncio.Event()
        self.runtime = Runtime(
            self._parts(),
            bus=self.bus,
            clock=self.clock,
            settings=RuntimeSettings(grace_seconds=5, sample_seconds=0.05, **settings),
        )

    def _parts(self) -> list[ServiceParts]:
        return [
            ServiceParts(Service.GATEWAY, database=self.door, outbox=self.outbox),
            ServiceParts(
                Service.INGEST,
                database=self.ingest,
                subscriptions=[
                    Subscription(
                        topics.DOCUMENTS,
                        "ingest.documents",
                        {DocumentSubmitted: self._on_submitted},
                    )
                ],
                servicers=[
                    lambda server: probe_pb2_grpc.add_ProbeServicer_to_server(
                        probe_pb2_grpc.ProbeServicer(), server
                    )
                ],
                tasks=[self._tick],
                close=[self._close],
            ),
            ServiceParts(
                Service.PARSER,
                subscriptions=[
                    Subscription(
                        topics.STORED, "parser.documents", {DocumentStored: self._on_stored}
                    )
                ],
            ),
        ]

    async def _on_submitted(self, event: Event, _: Envelope) -> Outcome:
        assert isinstance(event, DocumentSubmitted)
        if self.hold is not None:
            self.holding.set()
            await self.hold.wait()

        async def apply(tx: Transaction) -> Sequence[Event]:
            await tx.execute(insert(THINGS).values(id=event.document_id, count=1))
            return [stored(event.document_id)]

        return Outcome(apply=apply)

    async def _on_stored(self, _: Event, envelope: Envelope) -> Outcome:
        self.parsed.append(envelope)
        return Outcome()

    async def _tick(self) -> None:
        self.ticks += 1
        if self.ticks == 1:
            raise RuntimeError("a task that fails is started again")
        await asyncio.Event().wait()

    async def _close(self) -> None:
        self.closed.append("ingest")

    async def submit(self, *documents: str) -> None:
        async with self.door.write() as tx:
            await self.outbox.add(tx, [submitted(name) for name in documents])


async def _things(database: SqlDatabase) -> set[str]:
    async with database.read() as tx:
        return {row["id"] for row in await tx.all(select(THINGS.c.id))}


async def test_what_the_door_commits_passes_through_all_services(tmp_path: Path) -> None:
    story = Story(tmp_path)
    await story.runtime.start()
    documents = [f"d{n}" for n in range(20)]
    await story.submit(*documents)
    await until(lambda: len(story.parsed) == 20)
    assert await _things(story.ingest) == set(documents)
    assert (await story.runtime.health.ready()).ready
    assert story.runtime.grpc_port > 0
    await until(lambda: story.ticks == 2)
    await story.runtime.stop()
    assert story.closed == ["ingest"]
    assert not (await story.runtime.health.ready()).ready


async def test_a_stop_lets_handlers_finish_and_flushes(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.hold = asyncio.Event()
    await story.runtime.start()
    await story.submit("d1")
    await story.holding.wait()
    stopping = asyncio.create_task(story.runtime.stop())
    await until(lambda: story.runtime.health.stopping)
    story.hold.set()
    await stopping
    assert await _things(story.ingest) == {"d1"}
    assert story.parsed == []
    await story.ingest.close()
    again = Story(tmp_path)
    await again.runtime.start()
    await until(lambda: len(again.parsed) == 1)
    await again.runtime.stop()


async def test_one_upload_is_one_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    story = Story(tmp_path)
    await story.runtime.start()
    with tracing.span("upload") as upload:
        await story.submit("d1")
    await until(lambda: len(story.parsed) == 1)
    await story.runtime.stop()
    spans = {span.name: span for span in exporter.get_finished_spans()}
    ingest = spans["ingest.documents kb.document.submitted"]
    parser = spans["parser.documents kb.document.stored"]
    assert ingest.parent is not None
    assert ingest.context is not None
    assert parser.parent is not None
    assert parser.context is not None
    assert ingest.parent.span_id == upload.get_span_context().span_id
    assert parser.parent.span_id == ingest.context.span_id
    assert parser.context.trace_id == upload.get_span_context().trace_id


async def test_health_and_metrics_are_served(tmp_path: Path) -> None:
    port = free_port()
    story = Story(tmp_path, admin_port=port)
    await story.runtime.start()
    await story.submit("d1")
    await until(lambda: len(story.parsed) == 1)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def up() -> bool:
            try:
                return (await client.get("/health/live")).status_code == 200
            except httpx.ConnectError:
                return False

        await until(up)
        assert (await client.get("/health/startup")).status_code == 200
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["checks"]["bus"]) == (200, "ok")

        async def counted() -> bool:
            text = (await client.get("/metrics")).text
            return (
                'memloom_deliveries_total{group="ingest.documents",verdict="ack"} 1.0' in text
                and 'memloom_consumer_lag{group="parser.documents"} 0.0' in text
                and 'memloom_outbox_pending{name="gateway"} 0.0' in text
            )

        await until(counted)
        story.runtime.health.stopping = True
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200
    await story.runtime.stop()


async def test_internal_calls_need_the_token(tmp_path: Path) -> None:
    story = Story(tmp_path, service_token="secret")
    await story.runtime.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{story.runtime.grpc_port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await probe_pb2_grpc.ProbeStub(channel).Probe(probe_pb2.ProbeRequest(), timeout=5)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    await story.runtime.stop()


async def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    story = Story(tmp_path)
    wrong = Subscription(topics.DOCUMENTS, "nobody.knows", {})
    parts = [ServiceParts(Service.INGEST, database=story.ingest, subscriptions=[wrong])]
    before = asyncio.all_tasks()
    runtime = Runtime(parts, bus=story.bus, clock=story.clock)
    with pytest.raises(InvalidInput, match="nobody"):
        await runtime.start()
    assert asyncio.all_tasks() == before


async def test_telemetry_that_is_down_hurts_nobody() -> None:
    provider = tracing.setup("test", endpoint=f"http://127.0.0.1:{free_port()}")
    with provider.get_tracer("t").start_as_current_span("work"):
        assert tracing.current_trace_id()
    # Gives up by itself: the exporter's own limit is five seconds.
    await asyncio.to_thread(provider.shutdown)


async def test_a_check_that_fails_is_named(tmp_path: Path) -> None:
    async def down() -> None:
        raise DependencyUnavailable("the index is down")

    bus = SqliteBus(tmp_path / "bus.db", clock=SystemClock())
    parts = [ServiceParts(Service.RETRIEVER, checks={"index": down})]
    runtime = Runtime(parts, bus=bus, clock=SystemClock())
    await runtime.start()
    report = await runtime.health.ready()
    assert not report.ready
    assert report.checks["retriever.index"] == "the index is down"
    await runtime.stop()
