"""Which URLs and addresses may be fetched (server-side request forgery is the attack)."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from services.kernel.contracts.errors import Code, InvalidInput

Network = IPv4Network | IPv6Network

MAX_URL_LENGTH = 4096
# Not global by the IANA registries of special addresses (2025), whatever the Python in use knows.
_SPECIAL: Final = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # relays of 6to4, RFC 7526
        "64:ff9b:1::/48",  # NAT64 of a site's own, RFC 8215
        "100::/64",  # discarded, RFC 6666
        "2001::/23",  # protocol assignments, Teredo among them
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)
# Prefixes after which the last 32 bits are an IPv4 address.
_IPV4_AT_THE_END: Final = tuple(
    IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible, RFC 4291
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
    )
)
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214: before the IPv4 address
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


def parse_networks(values: Sequence[str]) -> tuple[Network, ...]:
    """CIDR strings as networks; ValueError for a bad one."""
    return tuple(ip_network(value) for value in values)


def check_url(url: str) -> SplitResult:
    """The URL's parts, if its form is one that we fetch.

    InvalidInput NOT_FETCHED for another scheme, credentials, no host or a bad port, for control
    characters, and for a host that is a number in any form but a plain IP address.
    """
    if len(url) > MAX_URL_LENGTH:
        raise InvalidInput("the URL is too long", code=Code.NOT_FETCHED)
    if _CONTROL.search(url.replace(" ", "")):
        raise InvalidInput(
            "the URL holds control characters or backslashes; percent-encode them",
            code=Code.NOT_FETCHED,
        )
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InvalidInput(f"the URL is malformed: {error}", code=Code.NOT_FETCHED) from error
    if parts.scheme not in ("http", "https"):
        raise InvalidInput(
            f"only http and https URLs are fetched, not {parts.scheme or 'a relative one'}",
            code=Code.NOT_FETCHED,
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("a URL with credentials is refused", code=Code.NOT_FETCHED)
    if not parts.hostname:
        raise InvalidInput("the URL names no host", code=Code.NOT_FETCHED)
    check_host(parts.hostname)
    return parts


def check_host(host: str) -> None:
    """InvalidInput NOT_FETCHED for what resolvers take for an IPv4 address though it is not written
    as one (`2130706433`, `0x7f.1`, `0177.0.0.1`), and for white space.
    """
    if any(char.isspace() for char in host):
        raise InvalidInput("the URL's host holds white space", code=Code.NOT_FETCHED)
    last = host.rstrip(".").rsplit(".", 1)[-1]
    if not _NUMBER.fullmatch(last):
        return
    try:
        IPv4Address(host)
    except ValueError as error:
        raise InvalidInput(
            f"{host[:100]!r} is no host: write an IP address as four numbers, as 192.0.2.1",
            code=Code.NOT_FETCHED,
        ) from error


def is_allowed(address: str, allowed_private: Sequence[Network]) -> bool:
    """Whether this IP address may be asked: global ones, and those that an operator allows.

    An IPv6 address that carries IPv4 addresses (mapped, compatible, translated, NAT64, 6to4,
    Teredo, ISATAP) leads to these: each of them must be allowed, too.
    """
    parsed = ip_address(address.split("%", 1)[0])
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return _is_allowed(parsed.ipv4_mapped, allowed_private)
        if not all(_is_allowed(inner, allowed_private) for inner in embedded(parsed)):
            return False
    return _is_allowed(parsed, allowed_private)


def embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 address carries."""
    packed = address.packed
    last = IPv4Address(packed[12:])
    if any(address in network for network in _IPV4_AT_THE_END) and int(address) > 1:
        yield last
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if int.from_bytes(packed[8:12], "big") in _ISATAP:
        yield last


def _is_allowed(address: IPv4Address | IPv6Address, allowed_private: Sequence[Network]) -> bool:
    if _within(address, allowed_private):
        return True
    return address.is_global and not address.is_multicast and not _within(address, _SPECIAL)


def _within(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def name_from_url(url: str) -> str:
    """The last part of the URL's path, decoded; `document` where there is none."""
    path = unquote(urlsplit(url).path)
    return path.rstrip("/").rsplit("/", 1)[-1] or "document"
