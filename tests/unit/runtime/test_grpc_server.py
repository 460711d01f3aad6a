"""Token, errors, health and traces of the internal server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from memloom.v1 import probe_pb2, probe_pb2_grpc

from services.kernel.adapters.grpc_wire import Caller
from services.kernel.contracts.errors import (
    Code,
    DependencyUnavailable,
    InvalidInput,
    MemloomError,
    NotFound,
    QuotaExceeded,
    Unauthorized,
)
from services.kernel.runtime import tracing
from services.kernel.runtime.grpc_server import InternalServer
from services.kernel.runtime.metrics import Metrics

TOKEN = "secret"


class Servicer(probe_pb2_grpc.ProbeServicer):
    """Raises what it is told to; says under which trace it ran."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    async def Probe(  # noqa: N802 - the method's name in the proto
        self, request: probe_pb2.ProbeRequest, _: Any
    ) -> probe_pb2.ProbeResponse:
        if self.error is not None:
            raise self.error
        return probe_pb2.ProbeResponse(name=request.url, media_type=tracing.current_trace_id())


class World:
    def __init__(self, port: int, servicer: Servicer, metrics: Metrics) -> None:
        self.servicer = servicer
        self.metrics = metrics
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")

    async def probe(self, *, token: str = TOKEN) -> Any:
        caller = Caller(token=token, timeout=5)
        stub = probe_pb2_grpc.ProbeStub(self.channel)
        return await caller(stub.Probe, probe_pb2.ProbeRequest(url="u"))


@asynccontextmanager
async def serving() -> AsyncIterator[World]:
    servicer, metrics = Servicer(), Metrics()
    server = InternalServer(
        [lambda s: probe_pb2_grpc.add_ProbeServicer_to_server(servicer, s)],
        host="127.0.0.1",
        port=0,
        token=TOKEN,
        observer=metrics,
    )
    await server.start()
    world = World(server.port, servicer, metrics)
    yield world
    await world.channel.close(0)
    await server.stop(0)


async def test_the_token_opens_and_nothing_else_does() -> None:
    async with serving() as world:
        assert (await world.probe()).name == "u"
        for token in ("", "wrong", f"{TOKEN} "):
            with pytest.raises(Unauthorized):
                await world.probe(token=token)


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput("bad page", code=Code.TOO_MANY_PAGES),
        NotFound("gone"),
        QuotaExceeded("full"),
        DependencyUnavailable("down"),
    ],
)
async def test_our_errors_arrive_as_they_left(error: MemloomError) -> None:
    async with serving() as world:
        world.servicer.error = error
        with pytest.raises(type(error)) as caught:
            await world.probe()
        assert (caught.value.code, caught.value.message) == (error.code, error.message)


async def test_other_errors_tell_the_caller_nothing() -> None:
    async with serving() as world:
        world.servicer.error = ValueError("the password is sesame")
        with pytest.raises(MemloomError) as caught:
            await world.probe()
        assert caught.value.code is Code.INTERNAL
        assert "sesame" not in caught.value.message
        assert b'status="INTERNAL"} 1.0' in world.metrics.render()


async def test_the_trace_crosses() -> None:
    provider = tracing.setup("test")
    async with serving() as world:
        with provider.get_tracer("t").start_as_current_span("client") as span:
            answer = await world.probe()
        assert answer.media_type == f"{span.get_span_context().trace_id:032x}"


async def test_health_needs_no_token() -> None:
    async with serving() as world:
        stub = health_pb2_grpc.HealthStub(world.channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_an_address_in_use_is_said() -> None:
    server = InternalServer([], host="127.0.0.1", port=0, token=None)
    await server.start()
    second = InternalServer([], host="127.0.0.1", port=server.port, token=None)
    with pytest.raises(DependencyUnavailable, match=str(server.port)):
        await second.start()
    await server.stop(0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", "10.0.0.7", "memorizer"])
@pytest.mark.parametrize("token", [None, ""])
def test_no_token_beyond_loopback_is_no_start(host: str, token: str | None) -> None:
    with pytest.raises(InvalidInput, match="MEMLOOM_RUNTIME__SERVICE_TOKEN"):
        InternalServer([], host=host, port=0, token=token)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "unix:/tmp/x"])
def test_no_token_on_loopback_is_fine(host: str) -> None:
    InternalServer([], host=host, port=0, token=None)
