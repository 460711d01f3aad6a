"""Who comes in: a good key within its rates; writes while queues are short; searches in turn."""

import hashlib
import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from services.gateway.handlers.access import Access
from services.gateway.handlers.calls import Call
from services.gateway.handlers.rates import KeyFailures, Rates
from services.kernel.contracts import topics
from services.kernel.contracts.errors import TooManyRequests, Unauthorized

_MOST_KNOWN: Final = 10_000
_QUEUE_SECONDS: Final = 5.0
# An IPv6 network of this size belongs to one customer (RFC 6177).
_ONE_CUSTOMER: Final = 64
_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "documents": tuple(
        group
        for topic in (topics.DOCUMENTS, topics.STORED, topics.PARSED, topics.SEGMENTED)
        for group in topic.readers
    ),
    "messages": topics.MESSAGES.readers,
    "feedback": (*topics.FEEDBACK.readers, *topics.CORRECTIONS.readers),
}


class RequestAuth:
    """The first step of every call, of either protocol."""

    def __init__(self, *, access: Access, rates: Rates, failures: KeyFailures) -> None:
        self._access = access
        self._rates = rates
        self._failures = failures
        self._good: OrderedDict[bytes, None] = OrderedDict()

    async def call(self, header: str | None, address: str) -> Call:
        """Return the call of an `Authorization` header; Unauthorized, TooManyRequests.

        Whoever sends bad keys from an address is refused there without a look at the key; a key
        that was good before is looked at all the same.
        """
        client = _customer(address)
        mark = hashlib.sha256((header or "").encode("utf-8", "surrogatepass")).digest()
        if mark not in self._good:
            self._failures.check(client)
        try:
            found = await self._access.authenticate(header)
        except Unauthorized:
            self._good.pop(mark, None)
            self._failures.count(client)
            raise
        self._good[mark] = None
        if len(self._good) > _MOST_KNOWN:
            self._good.popitem(last=False)
        return found

    async def count(self, call: Call) -> None:
        """Count one request of the key and of its project; TooManyRequests."""
        await self._rates.request(call.key_id, call.project)


class Gate:
    """What use cases ask before they take work on."""

    def __init__(self, *, rates: Rates, lag: Callable[[], Mapping[str, int]], deepest: int) -> None:
        self._rates = rates
        self._lag = lag
        self._deepest = deepest

    async def text(self, call: Call, tokens: int) -> None:
        """Count the tokens of a request's texts; TooManyRequests."""
        await self._rates.input(call.key_id, tokens)

    def queue(self, name: str) -> None:
        """TooManyRequests while the consumers of `documents`, `messages` or `feedback` are too far
        behind: what is refused now may come again, what is queued without end is late for all.
        """
        if self._deepest <= 0:
            return
        lag = self._lag()
        depth = max((lag.get(group, 0) for group in _GROUPS[name]), default=0)
        if depth > self._deepest:
            raise TooManyRequests(
                f"{depth} {name} wait to be worked on already; try again later",
                retry_after=_QUEUE_SECONDS,
            )


def _customer(address: str) -> str:
    """Return what stands for a client: its IPv4 address, or its IPv6 network."""
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _ONE_CUSTOMER), strict=False))
    return str(parsed)
