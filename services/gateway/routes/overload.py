"""Refuses surplus searches before anything is done for them.

A refusal that costs as much as a search sheds nothing: while searches queue, those that would be
refused for certain are answered ahead of key, body and routes.
"""

from typing import Final

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.handlers.shedding import SearchTurns
from services.kernel.contracts.errors import Code

_SEARCH: Final = "/search/memory"
_BODY: Final = orjson.dumps(
    {
        "code": int(Code.INPUT_RATE_EXCEEDED),
        "message": "too many searches at once; try again",
        "data": {},
    }
)
_HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"retry-after", b"1"),
]


class SearchOverload:
    """ASGI middleware over the public API."""

    def __init__(self, app: ASGIApp, *, turns: SearchTurns) -> None:
        self._app = app
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        surplus = (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and scope["path"].endswith(_SEARCH)
            and self._turns.is_overloaded()
        )
        if not surplus:
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 429, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _BODY})
