"""gRPC plumbing shared by our clients and servers: tokens and errors; messages are `wire`'s."""

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
    TooManyRequests,
    Unauthorized,
)
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
]

TOKEN_HEADER = "x-memloom-service-token"  # noqa: S105 - a header's name, no secret
CODE_TRAILER = "x-memloom-code"

_STATUS: Mapping[type[MemloomError], grpc.StatusCode] = {
    NotFound: grpc.StatusCode.NOT_FOUND,
    Unauthorized: grpc.StatusCode.UNAUTHENTICATED,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
    QuotaExceeded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    TooManyRequests: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DependencyUnavailable: grpc.StatusCode.UNAVAILABLE,
    Conflict: grpc.StatusCode.ABORTED,
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
}
_ERROR: Mapping[grpc.StatusCode, type[MemloomError]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.UNAUTHENTICATED: Unauthorized,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.RESOURCE_EXHAUSTED: QuotaExceeded,
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInput,
}


def to_status(error: MemloomError) -> grpc.StatusCode:
    """The gRPC status of one of our errors; the one place where that is decided."""
    for kind, status in _STATUS.items():
        if isinstance(error, kind):
            return status
    return grpc.StatusCode.INTERNAL


def from_rpc_error(error: grpc.aio.AioRpcError) -> MemloomError:
    """Our error again, with the code that the other side sent."""
    code: Code | None = None
    for name, value in error.trailing_metadata() or ():
        if name == CODE_TRAILER:
            code = Code(int(value))
    kind = _ERROR.get(error.code(), DependencyUnavailable)
    if error.code() is grpc.StatusCode.INTERNAL:
        return MemloomError(error.details() or "the service failed", code=code)
    return kind(error.details() or f"the service answered {error.code().name}", code=code)


class Caller:
    """Calls a unary method with the service token and a deadline, and gives our errors back."""

    def __init__(self, *, token: str, timeout: float) -> None:
        self._metadata = ((TOKEN_HEADER, token),)
        self._timeout = timeout

    async def __call__(self, method: Callable[..., Any], request: Message) -> Any:
        """The answer; DependencyUnavailable when it is late or the other side is down."""
        try:
            return await method(request, timeout=self._timeout, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error


class ErrorInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc] # grpc has no types here
    """Maps our errors to statuses, once, and asks every internal call for the service token."""

    def __init__(self, *, token: str | None) -> None:
        self._token = token

    async def intercept_service(
        self, continuation: Callable[..., Any], handler_call_details: grpc.HandlerCallDetails
    ) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_streaming or handler.response_streaming:
            return handler
        if handler_call_details.method.startswith("/grpc."):
            return handler
        sent = dict(handler_call_details.invocation_metadata or ()).get(TOKEN_HEADER)
        allowed = self._token is None or sent == self._token

        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            if not allowed:
                await context.abort(
                    grpc.StatusCode.UNAUTHENTICATED, "this port needs the service token"
                )
            try:
                return await handler.unary_unary(request, context)
            except MemloomError as error:
                context.set_trailing_metadata(((CODE_TRAILER, str(int(error.code))),))
                await context.abort(to_status(error), error.message)

        return grpc.unary_unary_rpc_method_handler(
            call, handler.request_deserializer, handler.response_serializer
        )
