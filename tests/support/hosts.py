"""Web hosts on loopback that behave as they are told, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def host(behaviour: Behaviour) -> AsyncIterator[str]:
    """A host that reads a request's head and then does as told; its base URL."""
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                await behaviour(writer)
        finally:
            talking.discard(task)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


def saying(head: str, body: bytes = b"") -> Behaviour:
    """A whole answer at once."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(head.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n\r\n")
        writer.write(body)
        await writer.drain()

    return behave


def dripping(head: str, *, seconds: float = 0.05) -> Behaviour:
    """A head, and then a byte each so many seconds, for ever."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        writer.write(head.replace("\n", "\r\n").encode() + (b"\r\n\r\n" if head else b""))
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(seconds)

    return behave
