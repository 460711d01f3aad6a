"""gRPC plumbing of our clients: token, deadline, trace and errors; messages are `wire`'s."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message

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
    Unauthorized,
    VersionChanged,
)
from services.kernel.contracts.telemetry import TRACEPARENT
from services.kernel.runtime.grpc_server import (
    CODE_TRAILER,
    TOKEN_HEADER,
    ErrorInterceptor,
    to_status,
)
from services.kernel.runtime.tracing import current_traceparent
from services.kernel.runtime.wire import to_message, to_model

__all__ = [
    "CODE_TRAILER",
    "TOKEN_HEADER",
    "Caller",
    "ErrorInterceptor",
    "from_rpc_error",
    "to_message",
    "to_model",
    "to_status",
    "with_trace",
]

Metadata = tuple[tuple[str, str], ...]

_ERROR: Mapping[grpc.StatusCode, type[MemloomError]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNAUTHENTICATED: Unauthorized,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.RESOURCE_EXHAUSTED: QuotaExceeded,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInput,
}


def from_rpc_error(error: grpc.aio.AioRpcError) -> MemloomError:
    """Our error again, with the code that the other side sent."""
    code: Code | None = None
    trailers: Any = error.trailing_metadata() or ()
    for name, value in trailers:
        if name == CODE_TRAILER:
            code = Code(int(value))
    kind = _ERROR.get(error.code(), DependencyUnavailable)
    if code is Code.STORAGE_FULL:
        return StorageFull(error.details() or "the service has no room on its disk")
    if code is Code.VERSION_CHANGED:
        return VersionChanged(error.details() or "it was changed meanwhile; read it again")
    if error.code() is grpc.StatusCode.INTERNAL:
        return MemloomError(error.details() or "the service failed", code=code)
    return kind(error.details() or f"the service answered {error.code().name}", code=code)


def with_trace(metadata: Metadata) -> Metadata:
    """The metadata of a call, with the trace that it belongs to."""
    traceparent = current_traceparent()
    return (*metadata, (TRACEPARENT, traceparent)) if traceparent else metadata


class Caller:
    """Calls a unary method with the service token and a deadline, and gives our errors back."""

    def __init__(self, *, token: str, timeout: float) -> None:
        self._metadata = ((TOKEN_HEADER, token),)
        self._timeout = timeout

    async def __call__(self, method: Callable[..., Any], request: Message) -> Any:
        """The answer; DependencyUnavailable when it is late or the other side is down."""
        metadata = with_trace(self._metadata)
        try:
            return await method(request, timeout=self._timeout, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error
