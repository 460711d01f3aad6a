"""Which URLs and addresses may be fetched (server-side request forgery is the attack)."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from services.kernel.contracts.errors import Code, InvalidInput

Network = IPv4Network | IPv6Network

MAX_URL_LENGTH = 4096


def parse_networks(values: Sequence[str]) -> tuple[Network, ...]:
    """CIDR strings as networks; ValueError for a bad one."""
    return tuple(ip_network(value) for value in values)


def check_url(url: str) -> SplitResult:
    """The URL's parts, if its form is one that we fetch.

    InvalidInput NOT_FETCHED for another scheme, credentials, no host or a bad port.
    """
    if len(url) > MAX_URL_LENGTH:
        raise InvalidInput("the URL is too long", code=Code.NOT_FETCHED)
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
    return parts


def is_allowed(address: str, allowed_private: Sequence[Network]) -> bool:
    """Whether this IP address may be asked: public ones, and private ones that are allowed.

    An IPv4 address inside IPv6 (mapped, 6to4, Teredo) counts as the IPv4 address.
    """
    parsed = ip_address(address.split("%", 1)[0])
    if isinstance(parsed, IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if inner is None and parsed.teredo is not None:
            inner = parsed.teredo[1]
        if inner is not None:
            return is_allowed(str(inner), allowed_private)
    if any(parsed.version == network.version and parsed in network for network in allowed_private):
        return True
    return parsed.is_global and not parsed.is_multicast


def name_from_url(url: str) -> str:
    """The last part of the URL's path, decoded; `document` where there is none."""
    path = unquote(urlsplit(url).path)
    return path.rstrip("/").rsplit("/", 1)[-1] or "document"
