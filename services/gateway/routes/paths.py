"""Paths of our own API, and what holds for all of them."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

RESOURCES: Final = "/api/v1"


class TrailingSlash:
    """Serves `/api/v1/…/` as `/api/v1/…`: a trailing slash is no error, and no redirect, which
    would lose a body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path.startswith(RESOURCES + "/") and path.endswith("/"):
            scope = {**scope, "path": path.rstrip("/")}
            raw = scope.get("raw_path")
            if raw:
                scope["raw_path"] = raw.rstrip(b"/")
        await self._app(scope, receive, send)
