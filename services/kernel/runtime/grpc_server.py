"""The internal gRPC server: service token, our errors as statuses, traces, health."""

import hmac
import ipaddress
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, Protocol, Self

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from opentelemetry.trace import SpanKind

from services.kernel.contracts.errors import (
    Code,
    Conflict,
    DependencyUnavailable,
    Forbidden,
    InvalidInput,
    MemloomError,
    NotFound,
    QuotaExceeded,
    StorageFull,
    TooManyRequests,
    Unauthorized,
)
from services.kernel.contracts.telemetry import TRACEPARENT
from services.kernel.runtime import tracing
from services.kernel.runtime.policy import Done, attempt
from services.kernel.runtime.settings import RuntimeSettings

TOKEN_HEADER: Final = "x-memloom-service-token"  # noqa: S105 - a header's name, no secret
CODE_TRAILER: Final = "x-memloom-code"
RETRY_TRAILER: Final = "retry-after"  # whole seconds, as HTTP's header
LARGEST_MESSAGE: Final = 32 << 20
# https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback: an error of ours is
# an answer; only a call that found nobody, or whose process died, is tried again by its channel.
NO_RETRY: Final = ("grpc-retry-pushback-ms", "-1")
UNEXPLAINED: Final = "a part that this call needs does not answer; try again later"
# A status travels in the trailers, and those may have 8 KB.
_LONGEST_MESSAGE: Final = 2000

_STATUS: Final[Mapping[type[MemloomError], grpc.StatusCode]] = {
    NotFound: grpc.StatusCode.NOT_FOUND,
    Unauthorized: grpc.StatusCode.UNAUTHENTICATED,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    QuotaExceeded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    TooManyRequests: grpc.StatusCode.RESOURCE_EXHAUSTED,
    # "Perhaps the entire file system is out of space", says the status's own description.
    StorageFull: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DependencyUnavailable: grpc.StatusCode.UNAVAILABLE,
    Conflict: grpc.StatusCode.ABORTED,
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GrpcLimits:
    """How long a server keeps connections (seconds), and how many calls run on one at once."""

    idle_seconds: float = 300.0
    age_seconds: float = 300.0
    grace_seconds: float = 60.0
    streams: int = 256

    @classmethod
    def of(cls, settings: RuntimeSettings) -> Self:
        """As a process is set."""
        return cls(
            idle_seconds=settings.grpc_idle_seconds,
            age_seconds=settings.grpc_age_seconds,
            streams=settings.grpc_streams,
        )

    def options(self) -> tuple[tuple[str, int], ...]:
        """They as options of a server, which also notices clients that vanished."""
        return (
            ("grpc.max_connection_idle_ms", int(self.idle_seconds * 1000)),
            ("grpc.max_connection_age_ms", int(self.age_seconds * 1000)),
            ("grpc.max_connection_age_grace_ms", int(self.grace_seconds * 1000)),
            ("grpc.max_concurrent_streams", self.streams),
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
            # As often as our own channels ask, and some room.
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        )


def to_status(error: MemloomError) -> grpc.StatusCode:
    """The gRPC status of one of our errors; the one place where that is decided."""
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return status
    return grpc.StatusCode.INTERNAL


class CallObserver(Protocol):
    """Whoever counts calls (metrics)."""

    def called(self, method: str, status: str, seconds: float) -> None:
        """One call ended."""
        ...


class ErrorInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[type-arg] # generic in stubs only
    """Maps our errors to statuses, once, and asks every call for the service token.

    An error that is not ours is INTERNAL, logged here and not told to the caller. Methods of
    `grpc.*` (health, reflection) need no token; streams are not served. details: whether callers
    read why a dependency does not answer, which names addresses.
    """

    def __init__(
        self, *, token: str | None, observer: CallObserver | None = None, details: bool = True
    ) -> None:
        self._details = details
        self._token = token
        self._observer = observer

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.startswith("/grpc."):
            return handler
        metadata = dict(handler_call_details.invocation_metadata or ())
        if handler.request_streaming or handler.response_streaming or not self._allows(metadata):
            return grpc.unary_unary_rpc_method_handler(_refuse)
        traceparent = str(metadata.get(TRACEPARENT, ""))

        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            began = perf_counter()
            with tracing.span(method, traceparent=traceparent, kind=SpanKind.SERVER):
                result = await attempt(
                    _unreadable() if request is None else handler.unary_unary(request, context)
                )
            error = None if isinstance(result, Done) else _ours(result.error, method)
            if self._observer is not None:
                status = grpc.StatusCode.OK if error is None else to_status(error)
                self._observer.called(method, status.name, perf_counter() - began)
            if isinstance(result, Done):
                return result.value
            assert error is not None  # noqa: S101 - it is not Done
            context.set_trailing_metadata(_trailers(error))
            told = self._told(error, method)
            await context.abort(to_status(error), told[:_LONGEST_MESSAGE])
            return None

        return grpc.unary_unary_rpc_method_handler(
            call, _readable(handler.request_deserializer), handler.response_serializer
        )

    def _told(self, error: MemloomError, method: str) -> str:
        outage = isinstance(error, DependencyUnavailable) and not isinstance(error, StorageFull)
        if self._details or not outage:
            return error.message
        _log.warning("call.unavailable", method=method, error=error.message)
        return UNEXPLAINED

    def _allows(self, metadata: Mapping[str, str | bytes]) -> bool:
        if self._token is None:
            return True
        sent = metadata.get(TOKEN_HEADER, "")
        sent = sent.encode() if isinstance(sent, str) else sent
        return hmac.compare_digest(sent, self._token.encode())


def _readable(decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return the decoder with None for what it cannot decode: gRPC's own answer to that is
    INTERNAL, as if the mistake were ours.
    """

    def decoded(message: bytes) -> Any:
        try:
            return decode(message)
        except DecodeError:
            return None

    return decoded


def _trailers(error: MemloomError) -> tuple[tuple[str, str], ...]:
    trailers = ((CODE_TRAILER, str(int(error.code))), NO_RETRY)
    if isinstance(error, TooManyRequests):
        return *trailers, (RETRY_TRAILER, str(max(1, math.ceil(error.retry_after))))
    return trailers


async def _unreadable() -> None:
    raise InvalidInput("the message cannot be decoded: it does not follow the service's proto")


def _ours(error: Exception, method: str) -> MemloomError:
    if isinstance(error, MemloomError):
        return error
    _log.error("call.failed", method=method, exc_info=error)
    return MemloomError("the service failed; its log says why", code=Code.INTERNAL)


async def _refuse(_: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "this port needs the service token")


class InternalServer:
    """A grpc.aio server on one address; port 0 takes any free one, `unix:` paths work too.
    InvalidInput where other machines could call it and no token keeps them out.
    """

    def __init__(
        self,
        servicers: Sequence[Callable[[Any], None]],
        *,
        host: str,
        port: int,
        token: str | None,
        observer: CallObserver | None = None,
        limits: GrpcLimits | None = None,
    ) -> None:
        if not token and not _is_private(host):
            raise InvalidInput(
                f"the internal gRPC server would listen on {host} without a token, open to whoever "
                "reaches it: set MEMLOOM_RUNTIME__SERVICE_TOKEN to one secret for all services, or "
                "MEMLOOM_RUNTIME__GRPC_HOST to 127.0.0.1."
            )
        self._servicers = servicers
        self._limits = limits or GrpcLimits()
        self._address = host if host.startswith("unix:") else f"{host}:{port}"
        self._token = token
        self._observer = observer
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined] # stubs lack it
        self._server: grpc.aio.Server | None = None
        self.port = port

    async def start(self) -> None:
        """Bind and serve. DependencyUnavailable when the address cannot be had."""
        self._server = grpc.aio.server(
            interceptors=[ErrorInterceptor(token=self._token, observer=self._observer)],
            options=[
                ("grpc.max_receive_message_length", LARGEST_MESSAGE),
                ("grpc.max_send_message_length", LARGEST_MESSAGE),
                # Two processes on one port would answer in turns.
                ("grpc.so_reuseport", 0),
                *self._limits.options(),
            ],
        )
        for add in self._servicers:
            add(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        try:
            bound = self._server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise DependencyUnavailable(f"cannot serve gRPC on {self._address}: {error}") from error
        if bound > 1:
            self.port = bound
        await self._server.start()
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)

    async def drain(self) -> None:
        """Tell callers to go elsewhere."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace: float) -> None:
        """Let running calls finish for `grace` seconds (None or False would cancel them)."""
        if self._server is not None:
            await self._server.stop(grace)


def _is_private(host: str) -> bool:
    """Whether only this machine reaches it."""
    if host.startswith("unix:") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
