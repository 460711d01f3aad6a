"""gRPC plumbing shared by our clients and servicers: models to messages, tokens, errors.

The pydantic model and the protobuf message of a call have the same field names; the conversion
goes through protobuf's own JSON mapping.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message
from pydantic import BaseModel

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

M = TypeVar("M", bound=Message)
B = TypeVar("B", bound=BaseModel)

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


def to_message(model: BaseModel, kind: type[M]) -> M:
    """The protobuf message with the model's fields; None is absent."""
    return ParseDict(model.model_dump(mode="json", exclude_none=True), kind())


def to_model(message: Message, kind: type[B]) -> B:
    """The pydantic model with the message's fields; unset ones take the model's defaults."""
    return kind.model_validate(MessageToDict(message, preserving_proto_field_name=True))


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
