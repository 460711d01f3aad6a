"""What the public reaches: REST by uvicorn and the public gRPC port, bound first, opened last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.kernel.adapters.public_grpc import PublicGrpcServer
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.runtime.grpc_server import GrpcLimits
from services.kernel.runtime.health import Health
from services.kernel.runtime.http_limits import HttpLimits
from services.kernel.runtime.http_server import HttpServer
from services.kernel.runtime.http_tracing import TracedHttp
from services.kernel.runtime.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Address:
    """Where the public reaches us. grpc_port 0 takes any free port."""

    host: str
    port: int
    grpc_port: int


@dataclass(frozen=True, slots=True)
class Manners:
    """How the public is treated: patience with its connections, and what it may read of us.
    reflecting, details: as of `PublicGrpcServer`.
    """

    http: HttpLimits = field(default_factory=HttpLimits)
    grpc: GrpcLimits = field(default_factory=GrpcLimits)
    reflecting: bool = False
    details: bool = False


class Front:
    """REST and gRPC of the gateway on one host."""

    def __init__(
        self,
        asgi: Any,
        adders: Sequence[Callable[[Any], None]],
        *,
        services: Sequence[str],
        address: Address,
        manners: Manners | None = None,
    ) -> None:
        self._asgi = asgi
        self._adders = adders
        self._services = services
        self._address = address
        self._manners = manners or Manners()
        self._http: HttpServer | None = None
        self._grpc: PublicGrpcServer | None = None

    async def bind(self, health: Health, metrics: Metrics) -> None:
        """Take both addresses, before anything is begun that a taken one would leave half done.
        DependencyUnavailable when a port cannot be had. health: what `/health` tells.
        """
        address = self._address
        self._asgi.state.health = health
        self._http = HttpServer(
            TracedHttp(self._asgi, observer=metrics),
            host=address.host,
            port=address.port,
            advice="is another Memloom running? Choose another with --port.",
            limits=self._manners.http,
        )
        self._http.bind()
        try:
            self._grpc = PublicGrpcServer(
                self._adders,
                services=self._services,
                address=f"{address.host}:{address.grpc_port}",
                observer=metrics,
                reflecting=self._manners.reflecting,
                details=self._manners.details,
                limits=self._manners.grpc,
            )
        except RuntimeError as error:
            raise DependencyUnavailable(
                f"port {address.grpc_port} of {address.host} cannot be had for gRPC: is another "
                "Memloom running? Choose another with --grpc-port."
            ) from error

    async def start(self) -> None:
        """Serve; `bind` came first."""
        assert self._http is not None  # noqa: S101 - said above
        assert self._grpc is not None  # noqa: S101 - said above
        await self._grpc.start()
        await self._http.start()

    async def stop(self, grace: float) -> None:
        """Take no more calls, let running ones finish; also after a `bind` that failed."""
        if self._http is not None:
            await self._http.stop()
        if self._grpc is not None:
            await self._grpc.stop(grace)
