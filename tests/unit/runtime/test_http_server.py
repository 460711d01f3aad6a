"""An HTTP server that is bound early, started late and drained; a taken port is a sentence."""

import asyncio
import socket

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.runtime.http_server import HttpServer
from tests.support.embedded import free_port


class Slow:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.app = Starlette(routes=[Route("/", self._serve)])

    async def _serve(self, _: Request) -> Response:
        self.asked.set()
        await self.answer.wait()
        return PlainTextResponse("here")


def server(app: Starlette, port: int, host: str = "127.0.0.1") -> HttpServer:
    return HttpServer(app, host=host, port=port, advice="choose another with --port.")


async def test_a_request_that_runs_is_answered_before_the_stop_ends() -> None:
    slow, port = Slow(), free_port()
    serving = server(slow.app, port)
    await serving.start()
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/"))
        await slow.asked.wait()
        stopping = asyncio.create_task(serving.stop())
        slow.answer.set()
        assert (await asking).text == "here"
        await stopping
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")
    # The address is free at once, also for the next process.
    again = server(slow.app, port)
    await again.start()
    await again.stop()


async def test_nobody_connects_before_the_start() -> None:
    slow, port = Slow(), free_port()
    serving = server(slow.app, port)
    serving.bind()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await serving.stop()


@pytest.mark.parametrize("by", ["a server", "a bound socket"])
async def test_a_taken_port_is_a_sentence(by: str) -> None:
    slow, port = Slow(), free_port()
    first = server(slow.app, port)
    held = socket.socket()
    if by == "a server":
        await first.start()
    else:
        held.bind(("127.0.0.1", port))
    with pytest.raises(DependencyUnavailable, match=f"port {port} of 127.0.0.1.*--port"):
        await server(slow.app, port).start()
    await first.stop()
    held.close()


async def test_a_host_that_is_none_is_a_sentence() -> None:
    with pytest.raises(DependencyUnavailable, match=r"nowhere\.invalid"):
        server(Slow().app, 80, host="nowhere.invalid").bind()
