"""What the public reaches: REST by uvicorn and the public gRPC port, opened last, closed first."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from services.kernel.adapters.public_grpc import PublicGrpcServer
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.runtime.health import Health


class _Http(uvicorn.Server):
    """Leaves signals to the process that hosts it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Address:
    """Where the public reaches us. grpc_port 0 takes any free port."""

    host: str
    port: int
    grpc_port: int


class Front:
    """REST and gRPC of the gateway on one host."""

    def __init__(
        self,
        asgi: Any,
        adders: Sequence[Callable[[Any], None]],
        *,
        services: Sequence[str],
        address: Address,
    ) -> None:
        self._asgi = asgi
        self._adders = adders
        self._services = services
        self._address = address
        self._http: _Http | None = None
        self._serving: asyncio.Task[None] | None = None
        self._grpc: PublicGrpcServer | None = None

    async def start(self, health: Health) -> None:
        """Bind and serve. DependencyUnavailable when a port cannot be had."""
        address = self._address
        self._asgi.state.health = health
        try:
            self._grpc = PublicGrpcServer(
                self._adders,
                services=self._services,
                address=f"{address.host}:{address.grpc_port}",
            )
        except RuntimeError as error:
            raise DependencyUnavailable(
                f"port {address.grpc_port} of {address.host} cannot be had for gRPC: is another "
                "Memloom running? Choose another with --grpc-port."
            ) from error
        await self._grpc.start()
        self._http = _Http(
            uvicorn.Config(
                self._asgi,
                host=address.host,
                port=address.port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=10,
            )
        )
        self._serving = asyncio.create_task(self._serve(self._http))
        while not (self._http.started or self._serving.done()):  # noqa: ASYNC110 - only a flag tells
            await asyncio.sleep(0.01)
        if self._serving.done():
            await self._serving

    async def _serve(self, http: _Http) -> None:
        try:
            await http.serve()
        except SystemExit as error:
            # uvicorn's way to say that it could not bind; it has logged the reason.
            raise DependencyUnavailable(
                f"port {self._address.port} of {self._address.host} cannot be had: is another "
                "Memloom running? Choose another with --port."
            ) from error

    async def stop(self, grace: float) -> None:
        """Take no more calls, let running ones finish."""
        if self._http is not None and self._serving is not None:
            self._http.should_exit = True
            await self._serving
        if self._grpc is not None:
            await self._grpc.stop(grace)
