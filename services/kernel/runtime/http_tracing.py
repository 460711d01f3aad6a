"""The spans and numbers of HTTP requests: where a trace begins, or goes on from the caller's.

A request's span carries the route, never the address itself: ids and words stay out of traces.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any, Final, Protocol

from opentelemetry.trace import SpanKind

from services.kernel.contracts.telemetry import TRACE_ID, TRACEPARENT
from services.kernel.runtime import tracing

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

SERVER_ERROR: Final = 500
# Orchestrators ask every few seconds; nobody wants to read that.
UNTRACED: Final = "/health"
_REQUEST_ID: Final = b"x-request-id"


class RequestObserver(Protocol):
    """Whoever counts requests (metrics)."""

    def requested(self, route: str, method: str, status: int, seconds: float) -> None:
        """One HTTP request ended."""
        ...


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The pattern of the route that was found, with the prefix under which it is mounted;
    "unknown" where none was.
    """
    pattern = str(getattr(scope.get("route"), "path_format", ""))
    if not pattern:
        return "unknown"
    # A nested router knows its own part only; what stands before it in the path is the mount.
    path, filled = str(scope["path"]), pattern.format(**scope.get("path_params", {}))
    return f"{path[: -len(filled)]}{pattern}" if path.endswith(filled) else pattern


class TracedHttp:
    """ASGI middleware: one SERVER span a request, below the caller's `traceparent` where one is
    sent. The answer carries the trace's id as `X-Trace-Id`, as all log lines of the request do.
    """

    def __init__(self, app: Any, *, observer: RequestObserver | None = None) -> None:
        self._app: App = app
        self._observer = observer

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or str(scope["path"]).startswith(UNTRACED):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        sent = headers.get(TRACEPARENT.encode(), b"").decode("latin-1")
        method = str(scope["method"])
        began = perf_counter()
        status = SERVER_ERROR
        with tracing.span(method, traceparent=sent, kind=SpanKind.SERVER) as span:
            identifier = tracing.current_trace_id().encode()

            async def answer(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = int(message["status"])
                    added = [(TRACE_ID.encode(), identifier)] if identifier else []
                    message["headers"] = [*message.get("headers", ()), *added]
                    for name, value in message["headers"]:
                        if name == _REQUEST_ID:
                            span.set_attribute("correlation_id", value.decode("latin-1"))
                await send(message)

            try:
                await self._app(scope, receive, answer)
            finally:
                route = route_of(scope)
                span.update_name(f"{method} {route}")
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= SERVER_ERROR:
                    tracing.mark_failed(span, f"status {status}")
                if self._observer is not None:
                    self._observer.requested(route, method, status, perf_counter() - began)
