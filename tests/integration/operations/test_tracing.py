"""One upload is one trace through every service, one search is one; and telemetry hurts nobody."""

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import grpc
import pytest
from memloom.v1 import memloom_pb2, memloom_pb2_grpc
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from services.kernel.runtime import tracing
from tests.support.embedded import KEY, free_port
from tests.support.waiting import until
from tests.support.within import Within, within

FROM_OUTSIDE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{FROM_OUTSIDE}-b7ad6b7169203331-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # The process-wide provider can be set once only; each test has its own, which libraries
    # that make spans by themselves find too.
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


def of_trace(spans: InMemorySpanExporter, trace_id: str) -> dict[str, ReadableSpan]:
    """The trace's spans by name; each is there once."""
    found = [
        span
        for span in spans.get_finished_spans()
        if span.context is not None and f"{span.context.trace_id:032x}" == trace_id
    ]
    return {span.name: span for span in found}


def parent_of(span: ReadableSpan, among: dict[str, ReadableSpan]) -> str:
    """Name of the parent span, "" where it is none of these."""
    for name, other in among.items():
        assert other.context is not None
        if span.parent is not None and other.context.span_id == span.parent.span_id:
            return name
    return ""


async def upload(memloom: Within, **headers: str) -> str:
    """A document, until it is indexed; the trace that the answer names."""
    made = await memloom.post("/create/knowledgebase", {"knowledgebase_name": "rules"})
    content = base64.b64encode(b"# Parking\n\nEach visitor may park for two hours.\n").decode()
    body = {
        "knowledgebase_id": made.json()["data"]["id"],
        "file": [{"name": "parking.md", "content": content}],
    }
    answer = await memloom.post("/add/knowledgebase-file", body, **headers)
    ended = await memloom.ended(answer.json()["data"][0]["id"])
    assert ended["status"] == "COMPLETED", ended
    return str(answer.headers.get("x-trace-id", ""))


async def test_one_upload_is_one_trace_from_the_door_to_the_index(
    tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    async with within(tmp_path / "data") as memloom:
        trace_id = await upload(memloom)
        chain = [
            "POST /api/openmem/v1/add/knowledgebase-file",
            "ingest.documents kb.document.submitted",
            "parser.documents kb.document.stored",
            "memorizer.documents kb.document.parsed",
            "memorizer.passages kb.passages.segmented",
            "gateway.documents kb.document.progressed",
        ]
        await until(lambda: set(chain) <= set(of_trace(spans, trace_id)))
    found = of_trace(spans, trace_id)
    for above, below in itertools.pairwise(chain):
        assert parent_of(found[below], found) == above
    door = found[chain[0]]
    assert door.kind is SpanKind.SERVER
    assert door.parent is None
    assert door.attributes is not None
    assert door.attributes["http.response.status_code"] == 200
    assert found[chain[1]].kind is SpanKind.CONSUMER


async def test_a_callers_trace_goes_on(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    async with within(tmp_path / "data") as memloom:
        assert await upload(memloom, traceparent=TRACEPARENT) == FROM_OUTSIDE
        found = of_trace(spans, FROM_OUTSIDE)
        assert "parser.documents kb.document.stored" in found
        # One that cannot be read begins a trace of its own, and the request is served.
        search = {"user_id": "u", "query": "parking"}
        other = await memloom.post("/search/memory", search, traceparent="?")
        assert other.headers["x-trace-id"] not in {"", FROM_OUTSIDE}


async def test_one_search_is_one_trace_over_rest_and_grpc(
    tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    searching = "/memloom.v1.Retrieval/Search"
    async with within(tmp_path / "data") as memloom:
        await upload(memloom)
        body = {"user_id": "u", "query": "How long may I park?"}
        answer = await memloom.post("/search/memory", body, **{"x-request-id": "asked-by-me"})
        assert answer.headers["x-request-id"] == "asked-by-me"
        over_rest = of_trace(spans, answer.headers["x-trace-id"])
        async with grpc.aio.insecure_channel(f"127.0.0.1:{memloom.where.grpc_port}") as channel:
            await memloom_pb2_grpc.MemloomStub(channel).SearchMemory(
                memloom_pb2.SearchMemoryRequest(user_id="u", query=body["query"]),
                metadata=(("authorization", f"Token {KEY}"), ("traceparent", TRACEPARENT)),
            )
        over_grpc = of_trace(spans, FROM_OUTSIDE)
    door = over_rest["POST /api/openmem/v1/search/memory"]
    assert door.attributes is not None
    assert door.attributes["correlation_id"] == "asked-by-me"
    assert parent_of(over_rest[searching], over_rest) == door.name
    assert over_rest[searching].kind is SpanKind.SERVER
    assert set(over_grpc) == {"/memloom.v1.Memloom/SearchMemory", searching}
    assert parent_of(over_grpc[searching], over_grpc) == "/memloom.v1.Memloom/SearchMemory"


async def test_requests_and_calls_are_counted(tmp_path: Path) -> None:
    async with within(tmp_path / "data") as memloom:
        await upload(memloom)
        for path, status in (("no/such/route", 404), ("get/memory/an-id-of-ours", 401)):
            answer = await memloom.http.get(f"/api/openmem/v1/{path}")
            assert answer.status_code == status
        await memloom.runtime.sampler.sample()
        shown = memloom.runtime.metrics.render().decode()
    for line in (
        (
            'memloom_http_requests_total{method="POST",'
            'route="/api/openmem/v1/add/knowledgebase-file",status="200"} 1.0'
        ),
        'memloom_http_requests_total{method="GET",route="unknown",status="404"} 1.0',
        (
            'memloom_http_requests_total{method="GET",'
            'route="/api/openmem/v1/get/memory/{memory_id}",status="401"} 1.0'
        ),
        'memloom_deliveries_total{group="memorizer.passages",verdict="ack"} 1.0',
        'memloom_consumer_lag{group="parser.documents"}',
        'memloom_outbox_pending{name="gateway"}',
    ):
        assert line in shown, shown
    assert "an-id-of-ours" not in shown


async def test_a_collector_that_is_down_costs_nothing_but_its_spans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = tracing.setup("test", endpoint=f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    async with within(tmp_path / "data") as memloom:
        assert len(await upload(memloom)) == 32
    began = monotonic()
    provider.shutdown()
    assert monotonic() - began < 2 * tracing.LAST_SECONDS
