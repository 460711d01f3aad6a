"""Which addresses may be fetched."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.domain.addresses import (
    check_url,
    is_allowed,
    name_from_url,
    parse_networks,
)
from services.kernel.contracts.errors import Code, InvalidInput


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::",
        "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:0a00:0001::1", "2001:0:0a00:1::f5ff:fffe",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, ())


def test_an_operator_may_allow_a_network() -> None:
    allowed = parse_networks(["127.0.0.0/8", "fd00::/8"])
    assert is_allowed("127.0.0.1", allowed)
    assert is_allowed("fd00::5", allowed)
    assert is_allowed("::ffff:127.0.0.1", allowed)
    assert not is_allowed("10.0.0.1", allowed)


@given(st.ip_addresses())
def test_nothing_private_passes(address: object) -> None:
    parsed = ip_address(str(address))
    if parsed.is_private or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast:
        assert not is_allowed(str(parsed), ())


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://host/a", "gopher://host/", "//host/a", "a.pdf",
        "http://", "http:///a", "http://user@host/", "http://user:pw@host/a",
        "http://host:99999/", "http://[::1", "javascript:alert(1)", "http://h/" + "a" * 5000,
    ],
)  # fmt: skip
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_url(url)
    assert caught.value.code is Code.NOT_FETCHED


def test_names_come_from_the_path() -> None:
    assert name_from_url("http://h/a/%E5%88%B6%E5%BA%A6.pdf?x=1") == "制度.pdf"
    assert name_from_url("http://h/") == "document"
