"""A server loses patience with clients that send or read nothing, and with nobody else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.kernel.runtime.http_limits import HttpLimits
from services.kernel.runtime.http_server import HttpServer
from tests.support.embedded import free_port
from tests.support.waiting import until

SHORT = HttpLimits(head_seconds=0.4, body_seconds=0.4, body_rate=1000, connections=1000)
# A hang would be for ever.
HANG = 20.0
HEAD = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
BIG = 8 << 20


class Server:
    """Counts the bytes of bodies once it may; answers `/big` with more than any buffer holds."""

    def __init__(self) -> None:
        self.seen = 0
        self.asked = asyncio.Event()
        self.may_read = asyncio.Event()
        self.may_read.set()
        routes = [Route("/", self._count, methods=["POST"]), Route("/big", self._big)]
        self.app = Starlette(routes=routes)
        self.port = free_port()

    async def _count(self, request: Request) -> Response:
        self.asked.set()
        await self.may_read.wait()
        self.seen = 0
        async for chunk in request.stream():
            self.seen += len(chunk)
        return PlainTextResponse(str(self.seen))

    async def _big(self, _: Request) -> Response:
        return PlainTextResponse("x" * BIG)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@asynccontextmanager
async def serving(
    limits: HttpLimits = SHORT, now: Callable[[], float] = monotonic
) -> AsyncIterator[Server]:
    server = Server()
    http = HttpServer(
        server.app, host="127.0.0.1", port=server.port, advice="", grace=1, limits=limits, now=now
    )
    await http.start()
    try:
        yield server
    finally:
        await http.stop()


async def _ended(reader: asyncio.StreamReader) -> bytes:
    """All that the server sends until it hangs up."""
    async with asyncio.timeout(HANG):
        return await reader.read()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-le", b"HTTP/1.1 408 "),
        (HEAD % 100, b"HTTP/1.1 408 "),
        (HEAD % 100 + b"only some", b"HTTP/1.1 408 "),
        (b"POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n", b"HTTP/1.1 404 "),
        (HEAD % 4 + b"1234", b"HTTP/1.1 200 "),
    ],
    ids=["nothing", "half a head", "no body", "half a body", "answered early", "idle"],
)
async def test_whoever_sends_no_more_is_let_go(sent: bytes, answer: bytes) -> None:
    async with serving() as server:
        reader, writer = await server.connect()
        writer.write(sent)
        got = await _ended(reader)
        assert got.startswith(answer)
        assert bool(got) == bool(answer)
        writer.close()


async def test_300_half_open_bodies_are_let_go() -> None:
    async with serving() as server:
        opened = [await server.connect() for _ in range(300)]
        for _, writer in opened:
            writer.write(HEAD % 10)
        answers = await asyncio.gather(*(_ended(reader) for reader, _ in opened))
        assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
        for _, writer in opened:
            writer.close()


@pytest.mark.parametrize("trickle", [b"head", b"body"])
async def test_a_trickle_is_no_progress(trickle: bytes) -> None:
    async with serving() as server:
        reader, writer = await server.connect()
        writer.write(HEAD % 10_000 if trickle == b"body" else b"POST / HTTP/1.1\r\nx: ")
        ended = asyncio.create_task(_ended(reader))
        while not ended.done():
            writer.write(b"y")
            await asyncio.wait({ended}, timeout=0.05)
        assert ended.result().startswith(b"HTTP/1.1 408 ")
        writer.close()


class Time:
    """A clock that goes when it is told to; `looked` waits for the server's next look at it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.seconds

    async def looked(self) -> None:
        before = self.looks
        await until(lambda: self.looks > before)


# Spans of made-up seconds, and looks at every tenth of a real one.
MADE_UP = HttpLimits(head_seconds=0.4, body_seconds=0.4, body_rate=1000)


async def test_a_slow_body_above_the_rate_is_waited_for() -> None:
    time = Time()
    async with serving(MADE_UP, time) as server:
        reader, writer = await server.connect()
        writer.write(HEAD % 10_000)
        for sent in range(1000, 10_001, 1000):
            writer.write(b"z" * 1000)
            await until(lambda sent=sent: server.seen == sent)
            time.seconds += 0.3
            await time.looked()
        async with asyncio.timeout(HANG):
            assert (await reader.readuntil(b"10000")).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_body_that_waits_for_us_is_not_timed() -> None:
    time = Time()
    async with serving(MADE_UP, time) as server:
        server.may_read.clear()
        reader, writer = await server.connect()
        writer.write(HEAD % (1 << 20) + b"z" * (1 << 19))
        await server.asked.wait()
        for _ in range(4):
            await time.looked()
            time.seconds += 100.0
        server.may_read.set()
        writer.write(b"z" * (1 << 19))
        async with asyncio.timeout(HANG):
            assert (await reader.readuntil(b"1048576")).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_connection_in_use_lives_on() -> None:
    time = Time()
    async with serving(MADE_UP, time) as server:
        reader, writer = await server.connect()
        for _ in range(10):
            writer.write(HEAD % 4 + b"1234")
            async with asyncio.timeout(HANG):
                assert (await reader.readuntil(b"\r\n\r\n4")).startswith(b"HTTP/1.1 200 ")
            time.seconds += 0.3
            await time.looked()
        writer.close()


async def test_whoever_does_not_read_is_let_go() -> None:
    time = Time()
    async with serving(MADE_UP, time) as server:
        reader, writer = await server.connect()
        writer.write(b"GET /big HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined] # of its kind of transport
        for _ in range(10):
            time.seconds += 0.3
            await time.looked()
        writer.transport.resume_reading()  # type: ignore[attr-defined] # of its kind of transport
        got = 0
        with suppress(ConnectionResetError):
            got = len(await _ended(reader))
        assert got < BIG
        writer.close()


async def test_connections_beyond_the_cap_are_refused() -> None:
    limits = HttpLimits(head_seconds=HANG, connections=3)
    async with serving(limits) as server:
        held = [await server.connect() for _ in range(3)]
        for _, writer in held:
            writer.write(b"POST / HTTP/1.1\r\n")
            await writer.drain()
        reader, writer = await server.connect()
        assert (await _ended(reader)).startswith(b"HTTP/1.1 503 ")
        writer.close()
        for _, one in held:
            one.close()
