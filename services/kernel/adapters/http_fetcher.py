"""Guarded HTTP fetching by httpx: the address is checked, then the connection goes to it.

The host is resolved once and the connection made to that very address (with the host's own name
for TLS and `Host`), so that a second DNS answer cannot lead elsewhere. Each redirect is checked
like a first URL. Nothing of one fetch reaches another: no cookies are kept, no connection is used
again (its certificate was checked for another host's name), and no credentials are ever sent.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import Message
from time import perf_counter
from types import MappingProxyType
from urllib.parse import SplitResult, urljoin

import httpx
import idna

from services.kernel.contracts.errors import Code, InvalidInput

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = 400
_SERVER_ERROR = 500
# Too late, too early, too many: the host has the document, at another time.
_COME_BACK = frozenset({408, 425, 429})
_HEAD = 1024
_HTML = "text/html"
# A web page begins with its doctype or root element, after comments at most.
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer being read."""

    url: str
    name: str
    media_type: str
    size: int | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class FetchRules:
    """Timeouts in seconds, and the checks that every hop must pass. min_rate: bytes a second, on
    average over rate_seconds; a slower host is given up (0 takes any). proxy: the URL of one to go
    through; none is taken from the environment. private_setting: what allows private networks.
    """

    check_url: Callable[[str], SplitResult]
    check_host: Callable[[str], None]
    is_allowed: Callable[[str], bool]
    name_from_url: Callable[[str], str]
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    total_timeout: float = 300.0
    probe_timeout: float = 3.0
    min_rate: float = 1024.0
    rate_seconds: float = 20.0
    max_redirects: int = 5
    attempts: int = 3
    proxy: str = ""
    private_setting: str = "MEMLOOM_INGEST__ALLOWED_PRIVATE_CIDRS"


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, code=Code.NOT_FETCHED)


class HttpFetcher:
    """`fetch` streams a document; `probe` looks at it and never waits long."""

    def __init__(self, rules: FetchRules) -> None:
        self._rules = rules
        # The transport alone: a client would keep cookies, and read redirects in its own way.
        self._transport = httpx.AsyncHTTPTransport(
            trust_env=False,
            proxy=rules.proxy or None,
            limits=httpx.Limits(max_keepalive_connections=0),
        )
        self._timeout = httpx.Timeout(rules.read_timeout, connect=rules.connect_timeout).as_dict()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    @asynccontextmanager
    async def fetch(self, url: str) -> AsyncIterator[Response]:
        """The document, streamed; InvalidInput NOT_FETCHED says why it is not to be had."""
        try:
            async with asyncio.timeout(self._rules.total_timeout):
                response = await self._open_with_retries(url)
                try:
                    yield self._describe(response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise _refused(
                f"the document did not arrive within {self._rules.total_timeout:.0f} s"
            ) from error
        except httpx.HTTPError as error:
            raise _refused(f"the document could not be fetched: {error}") from error

    async def probe(self, url: str) -> tuple[str, str, int | None]:
        """Name, media type and size, as far as the host says so within the probe's time. The type
        is `text/html` exactly where the first bytes are a web page's, whatever the host calls it.
        InvalidInput NOT_FETCHED where the host says that there is nothing to be had.
        """
        self._rules.check_url(url)
        try:
            async with asyncio.timeout(self._rules.probe_timeout):
                response = await self._open(url)
                try:
                    status = response.status_code
                    if _GONE <= status < _SERVER_ERROR and status not in _COME_BACK:
                        raise _refused(f"the host answered {status} for the document")
                    found = status < _GONE
                    described = self._describe(response)
                    head = await _first_bytes(response) if found else b""
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError):
            return self._rules.name_from_url(url), "", None
        if not found:  # what a failing host says of itself is not about the document
            return self._rules.name_from_url(url), "", None
        return described.name, _seen_type(described.media_type, head), described.size

    def check(self, url: str) -> None:
        """InvalidInput NOT_FETCHED for a URL whose form is refused; nothing is asked for."""
        self._rules.check_url(url)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer to a POST, within the total time; its body is not read, and a
        redirect is an answer like any other. InvalidInput NOT_FETCHED says why there is none.
        """
        try:
            async with asyncio.timeout(self._rules.total_timeout):
                response = await self._send(url, method="POST", body=body, headers=headers)
                await response.aclose()
        except TimeoutError as error:
            raise _refused(
                f"the host did not answer within {self._rules.total_timeout:.0f} s"
            ) from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise _refused(f"the host could not be reached: {reason}") from error
        return response.status_code

    async def _open_with_retries(self, url: str) -> httpx.Response:
        for attempt in range(1, self._rules.attempts + 1):
            try:
                response = await self._open(url)
            except httpx.TransportError:
                if attempt == self._rules.attempts:
                    raise
            else:
                if response.status_code < _GONE:
                    return response
                await response.aclose()
                if response.status_code < _SERVER_ERROR or attempt == self._rules.attempts:
                    raise _refused(f"the host answered {response.status_code} for the document")
            await asyncio.sleep(0.5 * 2**attempt)
        raise AssertionError

    async def _open(self, url: str) -> httpx.Response:
        for _ in range(self._rules.max_redirects + 1):
            response = await self._send(url)
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                return response
            await response.aclose()
            try:
                url = urljoin(url, response.headers["location"])
            except ValueError as error:
                raise _refused(f"the host redirects to a malformed URL: {error}") from error
        raise _refused(f"more than {self._rules.max_redirects} redirects")

    async def _send(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx.Response:
        parts = self._rules.check_url(url)
        host = self._ascii(parts.hostname or "")
        address = await self._resolve(host, parts.port or (443 if parts.scheme == "https" else 80))
        try:
            request = httpx.Request(
                method,
                httpx.URL(url).copy_with(host=address, fragment=None),
                headers={
                    "Host": _host_header(host, parts.port),
                    "Accept": "*/*",
                    "Accept-Encoding": "identity",
                    "User-Agent": "memloom",
                    **headers,
                },
                content=body or None,
                extensions={"sni_hostname": host, "timeout": self._timeout},
            )
        except (ValueError, TypeError, httpx.InvalidURL) as error:
            raise _refused(f"the URL is malformed: {error}") from error
        # Each byte of the head resets the read timeout; a head in drips must end all the same.
        try:
            async with asyncio.timeout(self._rules.connect_timeout + self._rules.read_timeout):
                response = await self._transport.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the host does not finish the head of its answer") from error
        response.request = request
        return response

    def _ascii(self, host: str) -> str:
        """Return the host as it is resolved; what it becomes is checked like what it was."""
        if host.isascii():
            return host
        try:
            encoded = idna.encode(host, uts46=True).decode("ascii")
        except ValueError as error:
            raise _refused(f"the host {host[:100]!r} has no address") from error
        self._rules.check_host(encoded)
        return encoded

    async def _resolve(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:  # no such name; no name at all
            raise _refused(f"the host {host!r} has no address") from error
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not self._rules.is_allowed(address):
                raise _refused(
                    f"{host} is at a private address ({address}); an operator may allow it with "
                    f"{self._rules.private_setting}"
                )
        return addresses[0]

    def _describe(self, response: httpx.Response) -> Response:
        url = str(response.request.url)
        length = response.headers.get("content-length", "")
        return Response(
            url=url,
            name=_disposition_name(response.headers.get("content-disposition", ""))
            or self._rules.name_from_url(url),
            media_type=response.headers.get("content-type", ""),
            size=int(length) if _LENGTH.fullmatch(length) else None,
            chunks=self._paced(response),
        )

    async def _paced(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The bytes as they come; a host that is too slow is given up. Only the time that the
        host takes is counted.
        """
        received, waited = 0, 0.0
        chunks = response.aiter_raw()
        while True:
            began = perf_counter()
            chunk = await anext(chunks, None)
            if chunk is None:
                return
            waited += perf_counter() - began
            received += len(chunk)
            if waited >= self._rules.rate_seconds:
                rate = received / waited
                if rate < self._rules.min_rate:
                    raise _refused(
                        f"the host sends {rate:.0f} bytes a second; at least "
                        f"{self._rules.min_rate:.0f} are waited for; upload the file itself"
                    )
                received, waited = 0, 0.0
            yield chunk


def _host_header(host: str, port: int | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


async def _first_bytes(response: httpx.Response) -> bytes:
    async for chunk in response.aiter_raw():
        return chunk[:_HEAD]
    return b""


def _seen_type(declared: str, head: bytes) -> str:
    if _PAGE.match(head):
        return _HTML
    named = declared.split(";", 1)[0].strip().lower()
    return "" if named == _HTML and head else declared


def _disposition_name(header: str) -> str:
    if not header:
        return ""
    message = Message()
    message["content-disposition"] = header
    try:
        return str(message.get_filename() or "").encode("utf-8", "replace").decode()
    except (ValueError, LookupError, TypeError):  # written in a charset that is none (RFC 2231)
        return ""
