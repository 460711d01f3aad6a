"""What a look at a URL tells before anything is fetched, from a host on loopback."""

import http.server
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from services.kernel.adapters.http_fetcher import FetchRules, HttpFetcher
from services.kernel.contracts.addresses import check_host, check_url, name_from_url
from services.kernel.contracts.errors import Code, InvalidInput

PDF = b"%PDF-1.7\n..."
PAGE = b"<!-- login -->\n<!DOCTYPE html><html><body>Sign in</body></html>"
ANSWERS: dict[str, tuple[int, str, bytes]] = {
    "/good.pdf": (200, "application/pdf", PDF),
    "/mislabelled.pdf": (200, "text/html; charset=utf-8", PDF),
    "/report.pdf": (200, "text/html; charset=utf-8", PAGE),
    "/sneaky.pdf": (200, "application/pdf", PAGE),
    "/gone.pdf": (404, "text/html", PAGE),
    "/private.pdf": (403, "text/plain", b"no"),
    "/busy.pdf": (429, "text/plain", b"later"),
    "/broken.pdf": (503, "text/html", PAGE),
    "/note.xml": (200, "application/xml", b"<?xml version='1.0'?><html><body/></html>"),
    "/empty.md": (200, "text/markdown", b""),
}


class _Host(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, media_type, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        del format, args


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Host)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    rules = FetchRules(
        check_url=check_url,
        check_host=check_host,
        is_allowed=lambda _: True,
        name_from_url=name_from_url,
    )
    opened = HttpFetcher(rules)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("path", "media_type", "size"),
    [
        ("/good.pdf", "application/pdf", len(PDF)),
        ("/mislabelled.pdf", "", len(PDF)),
        ("/report.pdf", "text/html", len(PAGE)),
        ("/sneaky.pdf", "text/html", len(PAGE)),
        ("/note.xml", "application/xml", 41),
        ("/empty.md", "text/markdown", 0),
        ("/busy.pdf", "", None),
        ("/broken.pdf", "", None),
    ],
)
async def test_the_first_bytes_tell_a_web_page_from_a_file(
    host: str, fetcher: HttpFetcher, path: str, media_type: str, size: int | None
) -> None:
    name, seen, found = await fetcher.probe(host + path)
    assert (name, seen, found) == (path.strip("/"), media_type, size)


@pytest.mark.parametrize(("path", "status"), [("/gone.pdf", 404), ("/private.pdf", 403)])
async def test_what_is_not_to_be_had_is_refused(
    host: str, fetcher: HttpFetcher, path: str, status: int
) -> None:
    with pytest.raises(InvalidInput, match=f"the host answered {status}") as refused:
        await fetcher.probe(host + path)
    assert refused.value.code is Code.NOT_FETCHED
