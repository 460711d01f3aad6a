"""The page that shows the API: Swagger UI from a package of the installation, nothing from outside.

The scripts come from `fastapi-offline` (MIT), which carries Swagger UI (Apache-2.0); they are read
when they are asked for, and the page may load nothing but them.
"""

import asyncio
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

_PACKAGE: Final = "fastapi_offline"
_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon.png": "image/png",
}
# Swagger UI writes styles into its elements; scripts come from us alone.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Memloom API</title>
<link rel="icon" href="/docs/assets/favicon.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  persistAuthorization: false,
  validatorUrl: null
});
"""


def docs_routes() -> APIRouter:
    """/docs and what it loads."""
    router = APIRouter(prefix="/docs", include_in_schema=False)

    async def page(_: Request) -> Response:
        return Response(_PAGE, media_type="text/html; charset=utf-8", headers=_HEADERS)

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name == "start.js":
            return _file(_START.encode(), "text/javascript; charset=utf-8")
        if name not in _ASSETS:
            raise HTTPException(404)
        content = await asyncio.to_thread((files(_PACKAGE) / "static" / name).read_bytes)
        return _file(content, _ASSETS[name])

    router.add_api_route("", page, methods=["GET"])
    router.add_api_route("/assets/{name}", asset, methods=["GET"])
    return router


def _file(content: bytes, media_type: str) -> Response:
    headers = {**_HEADERS, "cache-control": "public, max-age=3600"}
    return Response(content, media_type=media_type, headers=headers)
