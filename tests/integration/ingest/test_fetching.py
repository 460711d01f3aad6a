"""Hosts that misbehave: each ends as the document's own error, and in bounded time."""

from functools import partial

import pytest

from services.kernel.adapters.http_fetcher import FetchRules, HttpFetcher
from services.kernel.contracts.addresses import (
    check_host,
    check_url,
    is_allowed,
    name_from_url,
    parse_networks,
)
from services.kernel.contracts.errors import Code, InvalidInput
from tests.support.hosts import Behaviour, dripping, host, saying

OK = "HTTP/1.1 200 OK\nContent-Type: text/plain"


def fetcher(**changes: float) -> HttpFetcher:
    rules = FetchRules(
        check_url=check_url,
        check_host=check_host,
        is_allowed=partial(is_allowed, allowed_private=parse_networks(["127.0.0.0/8"])),
        name_from_url=name_from_url,
        attempts=1,
    )
    values = {name: getattr(rules, name) for name in FetchRules.__dataclass_fields__}
    return HttpFetcher(FetchRules(**(values | changes)))


async def got(behaviour: Behaviour, **changes: float) -> tuple[str, int | None, bytes]:
    """Name, size and bytes of what a fetch of that host yields."""
    fetches = fetcher(**changes)
    try:
        async with host(behaviour) as url, fetches.fetch(f"{url}/a.txt") as found:
            return found.name, found.size, b"".join([chunk async for chunk in found.chunks])
    finally:
        await fetches.close()


async def refusal(behaviour: Behaviour, **changes: float) -> str:
    with pytest.raises(InvalidInput) as caught:
        await got(behaviour, **changes)
    assert caught.value.code is Code.NOT_FETCHED
    return caught.value.message


@pytest.mark.parametrize(
    "location",
    [
        "http://[bad/",
        "http://[::1",
        "http://exa mple/\x01",
        "http://" + "a" * 70 + ".example/",
        "http://host:99999/",
        "http://host:abc/",
        "http://\xff\xfe/",
        "//",
        "http:///",
        "file:///etc/passwd",
        "http://xn--\ud7ff/",
        "http://a..b/",
        "http://%00/",
        "http://127.0.0.1:1/\x7f",
        "?" + "q" * 9000,
    ],
)
async def test_a_redirect_to_nonsense_is_the_documents_error(location: str) -> None:
    assert await refusal(saying(f"HTTP/1.1 302 Found\nLocation: {location}\nContent-Length: 0"))


@pytest.mark.parametrize("location", ["http://[bad/", "http://host:99999/"])
async def test_a_look_at_such_a_redirect_is_refused_too(location: str) -> None:
    fetches = fetcher()
    async with host(saying(f"HTTP/1.1 302 Found\nLocation: {location}")) as url:
        with pytest.raises(InvalidInput):
            await fetches.probe(f"{url}/a.txt")
    await fetches.close()


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*=klingon''%ff%fe",
        "attachment; filename*=utf-8''%ff%fe.txt",
        "attachment; filename*0*=a; filename*2*=b",
        "attachment; filename*=''",
        'attachment; filename="\x01\x02\xff.txt"',
        "attachment; filename*=utf-8'x'a%ED%A0%80.txt",
        "; ; =",
        "attachment; " + "a=b; " * 500,
    ],
)
async def test_a_name_in_any_spelling_costs_nothing(disposition: str) -> None:
    head = f"{OK}\nContent-Disposition: {disposition}\nContent-Length: 5"
    name, size, data = await got(saying(head, b"hello"))
    assert isinstance(name, str)
    assert (size, data) == (5, b"hello")


async def test_a_length_that_is_no_number_is_no_length() -> None:
    for length in ("\u00b2", "9" * 30, "-1", "0x5"):
        head = f"{OK}\nX-Content-Length: {length}\nConnection: close"
        _, size, data = await got(saying(head, b"hello"))
        assert (size, data) == (None, b"hello")


async def test_a_dripping_body_is_given_up_with_a_sentence() -> None:
    message = await refusal(dripping(OK), rate_seconds=0.5, min_rate=1000)
    assert "bytes a second" in message
    assert "1000" in message


async def test_a_dripping_head_is_given_up() -> None:
    assert await refusal(
        dripping("", seconds=0.02), read_timeout=0.3, connect_timeout=0.3, total_timeout=20
    )


async def test_a_slow_host_within_the_rate_is_waited_for() -> None:
    fetches = fetcher(rate_seconds=0.2, min_rate=5)
    read = 0
    async with host(dripping(OK, seconds=0.02)) as url, fetches.fetch(f"{url}/a.txt") as found:
        async for chunk in found.chunks:
            read += len(chunk)
            if read > 30:
                break
    await fetches.close()
    assert read > 30
