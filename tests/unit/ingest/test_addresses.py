"""Which addresses may be fetched."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.contracts.addresses import (
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
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::808:808",
        "64:ff9b:1:7f00:0:100::", "fec0::1", "feff::1", "::127.0.0.1", "::a00:1",
        "::ffff:0:127.0.0.1", "::ffff:0:a00:1", "2002:7f00:1::", "2002:c0a8:101::1",
        "2001:0:7f00:1::f7f7:f7f7", "2001:0:808:808::80ff:fffe", "5f00::1", "3fff::1", "100::1",
        "2001:db8::1", "192.88.99.1", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1",
        "198.18.0.1", "240.0.0.1", "192.0.0.8", "192.0.2.1",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"],
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, ())


def test_an_operator_may_allow_a_network() -> None:
    allowed = parse_networks(["127.0.0.0/8", "fd00::/8"])
    assert is_allowed("127.0.0.1", allowed)
    assert is_allowed("fd00::5", allowed)
    assert is_allowed("::ffff:127.0.0.1", allowed)
    assert not is_allowed("10.0.0.1", allowed)
    assert not is_allowed("64:ff9b::10.0.0.1", parse_networks(["64:ff9b::/96"]))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_refused_in_every_dress(address: IPv4Address) -> None:
    number = int(address)
    high, low = number >> 16, number & 0xFFFF
    dresses = [
        f"::ffff:{address}",
        f"::{address}",
        f"::ffff:0:{address}",
        f"64:ff9b::{address}",
        f"2002:{high:x}:{low:x}::1",
        f"2001:0:{high:x}:{low:x}::",
        f"2001:0:808:808::{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}",
        f"2606:4700::5efe:{high:x}:{low:x}",
    ]
    if not is_allowed(str(address), ()):
        assert [dress for dress in dresses if is_allowed(dress, ())] == []


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
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/",
        "http://127.1/", "http://127.0.0.1./", "http://1.2.3.4.5/", "http://0x/", "http://h.0/",
        "http://h\r\n/", "http://h/\x00", "http://h/\x7f", "http://h\t.com/", "http://h\\@x/",
        "http://h /", "http://h\u3000/", "\x01http://h/", "http://h:8O/", "http://h:\u00b2/",
    ],
)  # fmt: skip
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_url(url)
    assert caught.value.code is Code.NOT_FETCHED


def test_names_come_from_the_path() -> None:
    assert name_from_url("http://h/a/%E5%88%B6%E5%BA%A6.pdf?x=1") == "制度.pdf"
    assert name_from_url("http://h/") == "document"
