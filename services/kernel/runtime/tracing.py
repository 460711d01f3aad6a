"""Traces: one upload is one trace, through every service, over the outbox and the bus.

Ids exist always (logs carry them); spans leave the process only where an endpoint is set, in the
background: a collector that is down costs nothing but its spans.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Final

from opentelemetry import context, trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.kernel.contracts.telemetry import TRACEPARENT

_PROPAGATOR = TraceContextTextMapPropagator()
# Seconds that one export, and the last one at the end, may take.
EXPORT_SECONDS: Final = 5
LAST_SECONDS: Final = 2.0


class _Bounded(TracerProvider):
    """Ends within `LAST_SECONDS`, also when the collector is down: by itself the exporter would
    try its last batches again and again.
    """

    def shutdown(self) -> None:
        last = Thread(target=super().shutdown, daemon=True)
        last.start()
        last.join(LAST_SECONDS)


def setup(
    service: str, *, endpoint: str = "", exporter: SpanExporter | None = None
) -> TracerProvider:
    """Make ids, and send spans to an OTLP gRPC endpoint (`http://host:4317`) if one is named.

    Call once in a process (the first one stays); the caller shuts the provider down at the end.
    """
    provider = _Bounded(resource=Resource.create({SERVICE_NAME: service}), shutdown_on_exit=False)
    if endpoint:
        # Heavy, and only needed here.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        exporter = OTLPSpanExporter(
            endpoint=endpoint, insecure=endpoint.startswith("http://"), timeout=EXPORT_SECONDS
        )
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        trace.set_tracer_provider(provider)
    return provider


def current_traceparent() -> str:
    """The W3C `traceparent` of where we are, or ""."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get(TRACEPARENT, "")


def current_trace_id() -> str:
    """32 hex digits, or "" outside any span."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else ""


@contextmanager
def span(
    name: str,
    *,
    traceparent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[str, str] | None = None,
) -> Iterator[Span]:
    """A span around the block; below `traceparent` where given (an unreadable one is ignored)."""
    parent = (
        context.get_current()
        if traceparent is None
        else _PROPAGATOR.extract({TRACEPARENT: traceparent}, context=context.Context())
    )
    tracer = trace.get_tracer("memloom")
    with tracer.start_as_current_span(
        name, context=parent, kind=kind, attributes=dict(attributes or {})
    ) as current:
        yield current


def mark_failed(current: Span, reason: str) -> None:
    """Show the span as failed."""
    current.set_status(Status(StatusCode.ERROR, reason))
