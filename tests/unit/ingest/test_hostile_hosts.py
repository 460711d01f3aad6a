"""Fetching from hosts that mean harm: redirects, cookies, odd answers; on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from services.ingest.app import build_fetcher
from services.ingest.settings import IngestSettings
from services.kernel.adapters.http_fetcher import HttpFetcher
from services.kernel.contracts.errors import Code, InvalidInput

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-type: text/plain\r\n"


@dataclass
class Host:
    """A host that answers raw bytes, and keeps what it was sent."""

    port: int = 0
    answer: Callable[[str], bytes] = lambda _: OK + b"\r\nabc"
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode("latin-1")
                self.requests.append(text)
                answer = self.answer(text.split(" ")[1])
                writer.write(answer)
                await writer.drain()
                if b"connection: close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def opened_host() -> AsyncIterator[Host]:
    host = Host()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.port = server.sockets[0].getsockname()[1]
    async with server:
        yield host


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with opened_host() as opened:
        yield opened


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    opened = build_fetcher(IngestSettings(allowed_private_cidrs=["127.0.0.1/32"], fetch_attempts=1))
    yield opened
    await opened.close()


def redirect(location: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: " + location + b"\r\n\r\n"


async def refused(fetcher: HttpFetcher, url: str) -> str:
    messages = []
    for look in (fetcher.probe, partial(_fetched, fetcher)):
        with pytest.raises(InvalidInput) as caught:
            await look(url)
        assert caught.value.code is Code.NOT_FETCHED
        messages.append(caught.value.message)
    return messages[-1]


async def _fetched(fetcher: HttpFetcher, url: str) -> bytes:
    async with fetcher.fetch(url) as response:
        return b"".join([chunk async for chunk in response.chunks])


@pytest.mark.parametrize(
    "location",
    [
        b"http://[::1", b"http://[/a", b"//[", b"http://h:99999999/", b"http://h:x/",
        b"http://10.0.0.1/", b"http://[64:ff9b::a00:1]/", b"http://[::ffff:10.0.0.1]/",
        b"http://[fec0::1]/", b"http://2130706434/", b"http://0x7f.2/", b"http://127.2/",
        b"http://user:pw@127.0.0.1/", b"//user@127.0.0.1/", b"file:///etc/passwd", b"ftp://h/",
        b"http://127.0.0.1\\@h/", b"http://h\x7f/", b"http://\xff\xfe/",
        b"http://a..b/", b"http://" + b"a" * 300 + b".example/", b"http://h/" + b"a" * 5000,
    ],
)  # fmt: skip
async def test_where_a_redirect_may_not_lead(
    host: Host, fetcher: HttpFetcher, location: bytes
) -> None:
    host.answer = lambda _: redirect(location)
    await refused(fetcher, host.url)
    assert len(host.requests) == 2, "one look and one fetch, and nothing was asked after these"


async def test_redirects_end(host: Host, fetcher: HttpFetcher) -> None:
    host.answer = lambda path: redirect(path.encode() + b"x")
    assert "redirects" in await refused(fetcher, host.url + "/a")


async def test_nothing_is_carried_from_one_answer_to_the_next(
    host: Host, fetcher: HttpFetcher
) -> None:
    async with opened_host() as other:
        cookie = b"set-cookie: session=secret; Path=/\r\nwww-authenticate: Basic\r\n"
        host.answer = lambda path: (
            redirect(other.url.encode() + b"/b").replace(b"\r\nloc", b"\r\n" + cookie + b"loc")
            if path == "/a"
            else OK + cookie + b"\r\nabc"
        )
        other.answer = lambda _: OK + cookie + b"\r\nabc"
        for path in ("/a", "/c", "/a", "/c"):
            assert await _fetched(fetcher, host.url + path) == b"abc"
        sent = "".join(host.requests + other.requests).lower()
        assert len(other.requests) == 2
        assert "cookie" not in sent
        assert "authorization" not in sent
        assert "referer" not in sent
        # A connection's certificate was checked for one name: none is used for another.
        assert host.connections == len(host.requests)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
async def test_a_proxy_of_the_environment_is_not_used(
    host: Host, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with opened_host() as proxy:
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        fetcher = build_fetcher(IngestSettings(allowed_private_cidrs=["127.0.0.1/32"]))
        assert await _fetched(fetcher, host.url + "/a") == b"abc"
        await fetcher.close()
        assert proxy.requests == []


async def test_a_proxy_that_is_set_is_used_and_addresses_are_checked_all_the_same(
    host: Host,
) -> None:
    async with opened_host() as proxy:
        fetcher = build_fetcher(
            IngestSettings(allowed_private_cidrs=["127.0.0.1/32"], proxy=proxy.url)
        )
        assert await _fetched(fetcher, host.url + "/a") == b"abc"
        assert len(proxy.requests) == 1
        assert host.requests == []
        await refused(fetcher, "http://10.0.0.1/a")
        await fetcher.close()


@pytest.mark.parametrize(
    "head",
    [
        "content-length: ²".encode("latin-1"),
        b"content-length: " + b"9" * 5000,
        b"content-length: -1",
        b"content-disposition: attachment; filename*=idna''%ff",
        b"content-disposition: attachment; filename*=undefined''a",
        b"content-disposition: attachment; filename*=utf-7''+2AA-",
        b"content-type: \xff\xfe",
        b"content-type: " + b"x" * 60_000,
        b"\xff: \xfe",
    ],
)
async def test_odd_headers_of_a_host_are_no_mistake_of_ours(
    host: Host, fetcher: HttpFetcher, head: bytes
) -> None:
    host.answer = lambda _: b"HTTP/1.1 200 OK\r\nconnection: close\r\n" + head + b"\r\n\r\nabc"
    for look in (fetcher.probe(host.url + "/a.txt"), _fetched(fetcher, host.url + "/a.txt")):
        try:
            await asyncio.wait_for(look, 10)
        except InvalidInput as error:
            assert error.code is Code.NOT_FETCHED  # noqa: PT017 - to be read is as good


@pytest.mark.parametrize(
    "host_name", ["①②⑦.⓪.⓪.②", "１２７.０.０.２", "127。0。0。2", "ﬁle..x", "\u202e"]
)
async def test_hosts_in_other_scripts_are_what_they_stand_for(
    fetcher: HttpFetcher, host_name: str
) -> None:
    await refused(fetcher, f"http://{host_name}/")
