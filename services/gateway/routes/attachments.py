"""Files as answers: always to be saved, never to be shown by a browser as a page of ours."""

from typing import Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from services.gateway.handlers.document_contents import Original
from services.gateway.routes.conditional import tags_in
from services.gateway.routes.envelope import REQUEST_ID, request_id

# Of RFC 8187's attr-char, what `quote` leaves as it is beside letters and digits.
_KEPT: Final = "!#$&+-.^_`|~"


def disposition(name: str) -> str:
    """Content-Disposition of a file of this name (RFC 6266), also for clients that read ASCII."""
    plain = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\%' else "_"
        for char in name
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_KEPT)}"


def send_original(request: Request, original: Original) -> Response:
    """The original as an attachment; 304 where the caller holds it already."""
    document = original.document
    headers = {
        REQUEST_ID: request_id(request),
        "cache-control": "private, no-cache",
        "content-disposition": disposition(document.name),
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }
    if document.state.sha256:
        headers["etag"] = f'"{document.state.sha256}"'
        if document.state.sha256 in tags_in(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers={"etag": headers["etag"]})
    if original.size is not None:
        headers["content-length"] = str(original.size)
    return StreamingResponse(
        original.chunks,
        headers=headers,
        media_type=document.state.media_type or "application/octet-stream",
    )
