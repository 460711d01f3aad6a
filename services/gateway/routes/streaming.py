"""Chat answers as server-sent events, as the public client reads them."""

from collections.abc import Iterable
from typing import Final

import orjson
from fastapi import Request
from fastapi.responses import StreamingResponse

from services.gateway.routes.envelope import REQUEST_ID, request_id
from services.kernel.contracts.errors import MemloomError

_END: Final = ("end", "")


def stream_text(request: Request, text: str) -> StreamingResponse:
    """Return an answer's text as events: `text`, then `end`."""
    return _stream(request, [_event("text", text), _event(*_END)])


def stream_error(request: Request, error: MemloomError) -> StreamingResponse:
    """Return a refusal or failure as events: `error` with its code and message, then `end`.

    The status is 200: who asked for a stream reads events, and no body of another status.
    """
    failed = _event("error", error.message, code=int(error.code))
    return _stream(request, [failed, _event(*_END)])


def _stream(request: Request, events: Iterable[bytes]) -> StreamingResponse:
    return StreamingResponse(
        iter(events),
        media_type="text/event-stream",
        headers={REQUEST_ID: request_id(request), "cache-control": "no-cache"},
    )


def _event(kind: str, text: str, **more: int) -> bytes:
    return b"event: message\ndata:" + orjson.dumps({"type": kind, "data": text, **more}) + b"\n\n"
