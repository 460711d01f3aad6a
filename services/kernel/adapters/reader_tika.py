"""PDF, DOCX and DOC by a Tika server (`/rmeta/xml`)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

from services.kernel.adapters.reader_docx import check_archive
from services.kernel.adapters.reader_extractous import (
    PAGES_KEY,
    WORD_PAGES_KEY,
    body_of,
    pages_of,
)
from services.kernel.adapters.reader_native import DOCX, PDF, check_head
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput
from services.kernel.ports.reader import Reading, ReadLimits

READER: Final = "tika"

_CHUNK: Final = 1 << 18
_ANSWER: Final = "X-TIKA:content"
_FAILURE: Final = "X-TIKA:EXCEPTION:container_exception"
_CUT: Final = "X-TIKA:EXCEPTION:write_limit_reached"
_ENCRYPTED = re.compile(r"Encrypted|InvalidPassword", re.IGNORECASE)
_EMPTY = re.compile(r"ZeroByteFile")
# A restart of the server's child (somebody else's file) takes 3 to 5 seconds.
_ATTEMPTS: Final = 3
_RESTART: Final = 5.0
_REFUSED: Final = frozenset({413, 415, 422})
_SERVER_ERROR: Final = 500


class TikaReader:
    """Implements `ports.reader.Reader` over HTTP. Close it."""

    def __init__(self, url: str, *, restart_seconds: float = _RESTART) -> None:
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), trust_env=False)
        self._restart = restart_seconds

    async def read(self, path: Path, *, name: str, media_type: str, limits: ReadLimits) -> Reading:
        await asyncio.to_thread(check_head, path, media_type)
        if media_type == DOCX:
            await asyncio.to_thread(check_archive, path)
        response = await self._put(path, name, media_type, limits)
        parts = await asyncio.to_thread(json.loads, response.content)
        return _reading(parts[0] if parts else {}, media_type, limits)

    async def check(self) -> None:
        try:
            response = await self._client.get("/version", timeout=5)
        except httpx.HTTPError as problem:
            raise DependencyUnavailable(f"the Tika server does not answer: {problem}") from problem
        if response.status_code != httpx.codes.OK:
            raise DependencyUnavailable(f"the Tika server answers {response.status_code}")

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()

    async def _put(
        self, path: Path, name: str, media_type: str, limits: ReadLimits
    ) -> httpx.Response:
        headers = {
            "Accept": "application/json",
            "Content-Type": media_type,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "writeLimit": str(limits.characters + 1),
            "maxEmbeddedResources": "0",
            "X-Tika-Timeout-Millis": str(int(limits.seconds * 1000)),
        }
        died = 0
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._restart)
            try:
                response = await self._client.put(
                    "/rmeta/xml",
                    content=_chunks(path),
                    headers=headers,
                    timeout=httpx.Timeout(limits.seconds + 5, connect=5),
                )
            except httpx.TimeoutException as late:
                if isinstance(late, httpx.ConnectTimeout):
                    continue
                raise InvalidInput(
                    f"reading the document took longer than {limits.seconds:.0f} seconds",
                    code=Code.TOOK_TOO_LONG,
                ) from late
            except httpx.ConnectError:
                continue
            except httpx.TransportError:
                died += 1
                continue
            if response.status_code < _SERVER_ERROR:
                return _checked(response)
        if died > 1:
            raise InvalidInput(
                "the reader died of the document more than once", code=Code.EXPANDS_TOO_FAR
            )
        raise DependencyUnavailable("the Tika server does not answer")


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code in _REFUSED:
        raise InvalidInput("the document is damaged", code=Code.CORRUPT)
    if response.status_code != httpx.codes.OK:
        raise DependencyUnavailable(f"the Tika server answers {response.status_code}")
    return response


def _reading(part: dict[str, Any], media_type: str, limits: ReadLimits) -> Reading:
    failure = str(part.get(_FAILURE, ""))
    if _EMPTY.search(failure):
        raise InvalidInput("the file is empty", code=Code.EMPTY)
    if _ENCRYPTED.search(failure):
        raise InvalidInput(
            "the document is encrypted; upload it without a password", code=Code.ENCRYPTED
        )
    body = body_of(str(part.get(_ANSWER, "")))
    claimed = part.get(PAGES_KEY) or part.get(WORD_PAGES_KEY, "")
    pages = pages_of(claimed, media_type, body, limits)
    if media_type == PDF and pages is not None and pages > limits.pages:
        raise InvalidInput(
            f"the PDF has {pages} pages, {limits.pages} are allowed; split it",
            code=Code.TOO_MANY_PAGES,
        )
    if str(part.get(_CUT, "")).lower() == "true":
        raise InvalidInput(
            f"the document has more than {limits.characters:,} characters of text; split it",
            code=Code.EXPANDS_TOO_FAR,
        )
    if failure:
        raise InvalidInput(f"the document is damaged: {failure[:200]}", code=Code.CORRUPT)
    title = part.get("dc:title", "")
    return Reading(
        html=body,
        title=str(title[0] if isinstance(title, list) and title else title),
        pages=pages,
        reader=READER,
    )
