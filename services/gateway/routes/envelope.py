"""Envelope, statuses, and bodies read within bounds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import orjson
from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from services.gateway.domain.json_values import check_count
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
    UnsupportedMediaType,
    VersionChanged,
)

REQUEST_ID: Final = "x-request-id"
# A refused body is still taken in up to this many bytes, or the caller, who is busy sending,
# sees a broken connection instead of the reason.
_DRAIN_BYTES: Final = 1 << 30
_LONGEST_MESSAGE: Final = 2000
# A body that takes longer to decode than a request may hold up others is decoded beside them.
_DECODED_AT_ONCE: Final = 64 << 10
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"


class BodyTooLarge(InvalidInput):
    """The body has more bytes than this route takes."""

    default_code = Code.FILES_TOO_LARGE


def request_id(request: Request) -> str:
    """The caller's X-Request-Id, else a new one; stays with the request."""
    known: str | None = getattr(request.state, "request_id", None)
    if known is None:
        given = request.headers.get(REQUEST_ID, "")
        known = given if given.isprintable() and 0 < len(given) <= 100 else str(uuid4())  # noqa: PLR2004 - fits a header and a log line
        request.state.request_id = known
    return known


def success(request: Request, data: Any) -> Response:
    """HTTP 200, code 0."""
    return _response(request, {"code": 0, "message": "ok", "data": data}, HTTPStatus.OK)


def plain(
    request: Request,
    value: Any,
    status: int = HTTPStatus.OK,
    media_type: str = _JSON,
    headers: dict[str, str] | None = None,
) -> Response:
    """A body of its own, without the envelope."""
    return _response(request, value, status, media_type=media_type, headers=headers)


def failure(request: Request, error: MemloomError, minimal: Any) -> Response:
    """The error in the envelope. Business errors are HTTP 200, so that the public client, which
    loses the body of any other status, can read code and message.
    """
    _note(request, error)
    body = {"code": int(error.code), "message": readable(error.message), "data": minimal}
    return _response(request, body, public_status(error), headers=_headers(error))


def problem(request: Request, error: MemloomError) -> Response:
    """The error as RFC 9457 problem details, for our own routes."""
    _note(request, error)
    return problem_of(request, resource_status(error), error.message, error.code, _headers(error))


def problem_of(
    request: Request,
    status: int,
    detail: str,
    code: Code,
    headers: dict[str, str] | None = None,
) -> Response:
    """Problem details of a status and a code."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": readable(detail),
        "code": int(code),
        "request_id": request_id(request),
    }
    return _response(request, body, status, headers=headers, media_type=_PROBLEM)


def readable(message: str) -> str:
    """Return an error's message as any caller can take it: valid Unicode, and no longer than a
    person reads, whatever of the request it repeats.
    """
    message = message.encode("utf-8", "replace").decode()
    return message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE] + "…"


def _note(request: Request, error: MemloomError) -> None:
    """Tell the audit log of a refusal, where it is known who called."""
    on_refusal: Callable[[MemloomError], None] | None = getattr(request.state, "on_refusal", None)
    if on_refusal is not None:
        on_refusal(error)


def public_status(error: MemloomError) -> int:
    """401, 413, 429 and 5xx are told by status; all else is business. A full disk is, too: the
    public client would repeat it at once and lose the sentence that says what to do.
    """
    if isinstance(error, StorageFull):
        return HTTPStatus.OK
    if isinstance(error, Unauthorized):
        return HTTPStatus.UNAUTHORIZED
    if isinstance(error, BodyTooLarge):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, TooManyRequests):
        return HTTPStatus.TOO_MANY_REQUESTS
    if isinstance(error, DependencyUnavailable):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR if error.code is Code.INTERNAL else HTTPStatus.OK


def resource_status(error: MemloomError) -> int:
    """What our own routes answer."""
    for kind, status in (
        (NotFound, HTTPStatus.NOT_FOUND),
        (Forbidden, HTTPStatus.FORBIDDEN),
        (QuotaExceeded, HTTPStatus.FORBIDDEN),
        (VersionChanged, HTTPStatus.PRECONDITION_FAILED),
        (UnsupportedMediaType, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        (Conflict, HTTPStatus.CONFLICT),
        (StorageFull, HTTPStatus.INSUFFICIENT_STORAGE),
    ):
        if isinstance(error, kind):
            return status
    found = public_status(error)
    return HTTPStatus.BAD_REQUEST if found == HTTPStatus.OK else found


def _headers(error: MemloomError) -> dict[str, str]:
    if isinstance(error, TooManyRequests):
        return {"retry-after": str(max(1, round(error.retry_after)))}
    if isinstance(error, Unauthorized):
        return {"www-authenticate": "Token"}
    return {}


def _response(
    request: Request,
    body: Any,
    status: int,
    *,
    headers: dict[str, str] | None = None,
    media_type: str = _JSON,
) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers={REQUEST_ID: request_id(request), **(headers or {})},
        media_type=media_type,
    )


async def bounded(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body's chunks; BodyTooLarge past `limit` bytes."""
    encoding = request.headers.get("content-encoding", "").strip().lower()
    encoded = encoding not in ("", "identity")
    excess = number(request.headers.get("content-length", ""), limit) > limit
    total = 0
    try:
        async for chunk in request.stream():
            total += len(chunk)
            if total > limit:
                excess = True
            if excess and total > limit + _DRAIN_BYTES:
                break
            if not excess and not encoded:
                yield chunk
    except ClientDisconnect as error:
        raise InvalidInput("the connection ended before the body did; send it again") from error
    if encoded:
        raise InvalidInput(f"the body is encoded ({encoding[:50]}); send it as it is")
    if excess:
        raise BodyTooLarge(f"the body is larger than {limit} bytes; send less at once")


def number(text: str, most: int) -> int:
    """Return the number that these digits (of ASCII) write, `most` + 1 for a larger one, -1 for
    anything else.
    """
    if not (text.isascii() and text.isdigit()):
        return -1
    digits = text.lstrip("0") or "0"
    return min(int(digits), most + 1) if len(digits) <= len(str(most)) else most + 1


async def read_json(request: Request, limit: int) -> Any:
    """The decoded body; BodyTooLarge, InvalidInput for what is not JSON."""
    body = bytearray()
    async for chunk in bounded(request, limit):
        body += chunk
    if len(body) <= _DECODED_AT_ONCE:
        return decode_json(bytes(body))
    return await asyncio.to_thread(decode_json, bytes(body))


def decode_json(body: bytes) -> Any:
    """The JSON value; InvalidInput with the place of the mistake, or for too many values."""
    check_count(body)
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"the body is not valid JSON: {error}") from error
