"""An HTTP server inside a process that has a life of its own: bound early, started late, drained.

uvicorn's own way to run takes the signals and ends the process when a port is taken; here the
runner has the signals, and a taken port is an error with a sentence.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, Final

import uvicorn

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.runtime.http_limits import HttpLimits, LimitedProtocol

STARTED_POLL: Final = 0.01
LOOK_SECONDS: Final = 1.0


class _Quiet(uvicorn.Server):
    """Leaves signals to the process that hosts it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves one ASGI application. advice: what to do when the address is taken, one sentence.
    grace: seconds that running requests get at a stop. limits: its patience with clients.
    now: seconds of the clock by which that is measured.
    """

    def __init__(
        self,
        app: Any,
        *,
        host: str,
        port: int,
        advice: str,
        grace: float = 10.0,
        limits: HttpLimits | None = None,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._now = now
        self._limits = limits or HttpLimits()
        self._watching: asyncio.Task[None] | None = None
        self._app = app
        self._host = host
        self._port = port
        self._advice = advice
        self._grace = grace
        self._socket: socket.socket | None = None
        self._server: _Quiet | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that was taken; the one that was given before `bind`."""
        return self._port if self._socket is None else int(self._socket.getsockname()[1])

    def bind(self) -> None:
        """Take the address; DependencyUnavailable when it cannot be had. Nobody can connect yet."""
        if self._socket is not None:
            return
        # Address and family by the system's own rules, so that "::1" and names work too.
        try:
            found = socket.getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            family, kind, protocol, _, address = found[0]
            bound = socket.socket(family, kind, protocol)
        except OSError as error:
            raise self._refused(error) from error
        try:
            # Connections of a server that just ended do not keep its port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError as error:
            bound.close()
            raise self._refused(error) from error
        self._socket = bound

    async def start(self) -> None:
        """Serve; returns once connections are taken. DependencyUnavailable as `bind`."""
        self.bind()
        assert self._socket is not None  # noqa: S101 - it is bound
        self._server = _Quiet(
            uvicorn.Config(
                self._app,
                log_config=None,
                access_log=False,
                lifespan="off",
                http=partial(LimitedProtocol, limits=self._limits),  # type: ignore[arg-type] # it is called, no more
                ws="none",
                timeout_graceful_shutdown=max(1, int(self._grace)),
            )
        )
        self._serving = asyncio.create_task(self._server.serve([self._socket]), name="http")
        while not (self._server.started or self._serving.done()):  # noqa: ASYNC110 - only a flag tells
            await asyncio.sleep(STARTED_POLL)
        if self._serving.done():
            try:
                await self._serving
            except OSError as error:
                raise self._refused(error) from error
        self._watching = asyncio.create_task(self._watch(self._server), name="http limits")

    async def stop(self) -> None:
        """Take no more requests, let running ones finish, free the address."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()
        self._socket = self._server = self._serving = None

    async def _watch(self, server: uvicorn.Server) -> None:
        """Look at every connection, often enough for the shortest patience."""
        shortest = min(self._limits.head_seconds, self._limits.body_seconds)
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, shortest / 4))
            now = self._now()
            for connection in list(server.server_state.connections):
                if isinstance(connection, LimitedProtocol):
                    connection.look(now)

    def _refused(self, error: OSError) -> DependencyUnavailable:
        return DependencyUnavailable(
            f"port {self._port} of {self._host} cannot be had ({error.strerror or error}): "
            f"{self._advice}"
        )
