"""The public gRPC port: our error mapping, standard health, reflection."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.kernel.runtime.grpc_server import CallObserver, ErrorInterceptor, GrpcLimits

# A file may come whole in one message.
MESSAGE_BYTES: Final = 128 << 20


class PublicGrpcServer:
    """A `grpc.aio` server that asks for no service token: its services ask for keys.

    reflecting: whether strangers may list its methods. details: as of `ErrorInterceptor`.
    """

    def __init__(
        self,
        adders: Sequence[Callable[[Any], None]],
        *,
        services: Sequence[str],
        address: str,
        credentials: grpc.ServerCredentials | None = None,
        observer: CallObserver | None = None,
        reflecting: bool = False,
        details: bool = False,
        limits: GrpcLimits | None = None,
    ) -> None:
        self._server = grpc.aio.server(
            interceptors=(ErrorInterceptor(token=None, observer=observer, details=details),),
            options=(
                ("grpc.max_receive_message_length", MESSAGE_BYTES),
                ("grpc.max_send_message_length", MESSAGE_BYTES),
                # Two servers on one port would share its calls in silence.
                ("grpc.so_reuseport", 0),
                *(limits or GrpcLimits()).options(),
            ),
        )
        for add in adders:
            add(self._server)
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined] # stubs lack it
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._services = tuple(services)
        if reflecting:
            reflection.enable_server_reflection(
                (*self._services, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server
            )
        self.port: int = (
            self._server.add_insecure_port(address)
            if credentials is None
            else self._server.add_secure_port(address, credentials)
        )

    async def start(self) -> None:
        """Serve, and say so."""
        await self._server.start()
        for name in ("", *self._services):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self, grace: float) -> None:
        """Say that no more is served, let running calls finish for `grace` seconds, stop."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)
