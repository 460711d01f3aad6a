"""Entity tags: what a client knows already is not sent again (RFC 9110, 8.8.3 and 13).

A tag is `"version.digest"`: the digest is of the answer's bytes and decides `If-None-Match`; the
version is of what an edit would overwrite and decides `If-Match`, so that a count or a progress
that moved meanwhile refuses no edit. Answers that nobody edits have the digest alone.
"""

import hashlib
from typing import Final

from fastapi import Request
from fastapi.responses import Response

_DIGEST: Final = 16  # bytes: chance decides nothing at 128 bits
_UNCHANGED: Final = ("etag", "cache-control", "vary", "x-request-id")


def tag_of(body: bytes, version: str = "") -> str:
    """The strong entity tag of an answer."""
    digest = hashlib.blake2b(body, digest_size=_DIGEST).hexdigest()
    return f'"{version}.{digest}"' if version else f'"{digest}"'


def tags_in(header: str) -> list[str]:
    """The tags of an If-Match or If-None-Match, without quotes and the mark of weakness."""
    return [
        part.strip().removeprefix("W/").strip('"') for part in header.split(",") if part.strip()
    ]


def expected_versions(request: Request) -> frozenset[str] | None:
    """The versions that If-Match allows; None where it is absent or allows any."""
    header = request.headers.get("if-match", "").strip()
    if not header or header == "*":
        return None
    return frozenset(tag.partition(".")[0] for tag in tags_in(header))


def with_tag(request: Request, response: Response, version: str = "") -> Response:
    """The answer with its entity tag, or 304 where the caller holds it already."""
    tag = tag_of(bytes(response.body), version)
    response.headers["etag"] = tag
    response.headers["cache-control"] = "private, no-cache"
    known = request.headers.get("if-none-match", "")
    if request.method == "GET" and (known.strip() == "*" or tag.strip('"') in tags_in(known)):
        kept = {name: value for name, value in response.headers.items() if name in _UNCHANGED}
        return Response(status_code=304, headers=kept)
    return response
