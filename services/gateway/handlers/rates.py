"""How much one key may ask for, shared by all gateways without a write for each request.

Each bucket (requests, input tokens) of a key lies in the database. A gateway takes tokens from it
in batches and spends these in memory. What a key asks for rarely is not counted there at all: each
gateway lets a twentieth of the rate pass by itself, so a quiet key costs no write. With `n`
gateways a key gets its rate and at most `n` twentieths more.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Protocol

from services.gateway.domain.buckets import Allowance, Bucket, full, take, wait_seconds
from services.gateway.domain.model import Project
from services.gateway.domain.plans import Plans
from services.kernel.contracts.errors import DependencyUnavailable, TooManyRequests
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# Of rate and burst: what a gateway lets pass unasked, and what it takes from the bucket at once.
_FREE: Final = 0.05
_BATCH: Final = 0.1
# Tokens taken and not spent within this time are given up; the bucket has filled again since.
_LEASE_SECONDS: Final = 10.0
_MOST_KEYS: Final = 10_000
_UNUSED_MS: Final = 3_600_000


class RateStore(Protocol):
    """The shared buckets."""

    async def take(
        self,
        tx: Transaction,
        name: str,
        allowance: Allowance,
        now_ms: int,
        *,
        least: float,
        most: float,
    ) -> tuple[float, float]:
        """Tokens taken (`least` to `most`, or 0) and, where 0, seconds until `least` are there."""
        ...

    async def prune(self, tx: Transaction, before_ms: int) -> None:
        """Drop buckets that nobody took from since then."""
        ...


@dataclass(slots=True)
class _Local:
    """What this gateway knows of a bucket. free: passes unasked. leased: taken from the database
    and not spent. empty_until: until then the database has nothing. alone: counts instead of the
    database while that is away.
    """

    free: Bucket
    alone: Bucket
    leased: float = 0.0
    leased_until: float = 0.0
    empty_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Rates:
    """Requests a second and input tokens a minute of keys, and requests of projects by plan."""

    def __init__(
        self,
        *,
        database: Database,
        store: RateStore,
        clock: Clock,
        requests: Allowance,
        tokens: Allowance,
        plans: Plans,
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._requests = requests
        self._tokens = tokens
        self._plans = plans
        self._known: OrderedDict[str, _Local] = OrderedDict()

    async def request(self, key_id: str, project: Project) -> None:
        """Count one request, of the key and of its project; TooManyRequests."""
        rate = self._requests.rate
        what = f"more than {rate:g} requests a second with this key"
        await self._take(f"requests:{key_id}", self._requests, 1, what)
        of_plan = self._plans.rate_of(project)
        what = f"more than {of_plan:g} requests a second on the plan {project.plan}"
        await self._take(f"project:{project.id}", Allowance(of_plan, max(of_plan, 1.0)), 1, what)

    async def input(self, key_id: str, tokens: int) -> None:
        """Count the tokens of a request's texts; TooManyRequests."""
        what = f"more than {self._tokens.rate * 60:,.0f} input tokens a minute with this key"
        await self._take(f"tokens:{key_id}", self._tokens, tokens, what)

    async def prune(self) -> None:
        """Drop buckets that are full again; called now and then."""
        async with self._database.write() as tx:
            await self._store.prune(tx, self._clock.now_ms() - _UNUSED_MS)

    async def _take(self, name: str, allowance: Allowance, cost: float, what: str) -> None:
        if allowance.rate <= 0 or cost <= 0:
            return
        # What is larger than the bucket passes when the bucket is full.
        cost = min(cost, allowance.burst)
        local = self._local(name, allowance)
        if self._spend(local, allowance, cost):
            return
        async with local.lock:
            if self._spend(local, allowance, cost):
                return
            wait = local.empty_until - self._clock.monotonic()
            if wait <= 0:
                wait = await self._draw(name, local, allowance, cost)
        if wait > 0:
            raise TooManyRequests(f"{what}; try again in {wait:.1f} seconds", retry_after=wait)

    def _spend(self, local: _Local, allowance: Allowance, cost: float) -> bool:
        now = self._clock.monotonic()
        if now < local.leased_until and local.leased >= cost:
            local.leased -= cost
            return True
        return take(local.free, _part(allowance), now, least=cost, most=cost) > 0

    async def _draw(self, name: str, local: _Local, allowance: Allowance, cost: float) -> float:
        """Take a batch and spend `cost` of it; seconds to wait where there is too little."""
        now = self._clock.monotonic()
        kept = local.leased if now < local.leased_until else 0.0
        least, most = cost - kept, cost - kept + allowance.burst * _BATCH
        try:
            async with self._database.write() as tx:
                taken, wait = await self._store.take(
                    tx, name, allowance, self._clock.now_ms(), least=least, most=most
                )
        except DependencyUnavailable:
            # Searches go on while nothing can be written; each gateway counts for itself then.
            taken = take(local.alone, allowance, now, least=least, most=least)
            wait = wait_seconds(local.alone, allowance, least)
        if taken <= 0:
            # A larger request does not bar a smaller one for long.
            local.empty_until = now + min(wait, 1.0)
            return max(wait, 0.001)
        local.leased = kept + taken - cost
        local.leased_until = now + _LEASE_SECONDS
        return 0.0

    def _local(self, name: str, allowance: Allowance) -> _Local:
        local = self._known.get(name)
        if local is None:
            now = self._clock.monotonic()
            local = _Local(full(_part(allowance), now), full(allowance, now))
            self._known[name] = local
            if len(self._known) > _MOST_KEYS:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return local


def _part(allowance: Allowance) -> Allowance:
    return Allowance(allowance.rate * _FREE, allowance.burst * _FREE)


class KeyFailures:
    """Attempts without a good key, by client address, in this process and a bounded memory."""

    def __init__(self, *, clock: Clock, allowance: Allowance) -> None:
        self._clock = clock
        self._allowance = allowance
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def check(self, address: str) -> None:
        """TooManyRequests where this address failed too often."""
        bucket = self._buckets.get(address)
        if self._allowance.rate <= 0 or bucket is None:
            return
        take(bucket, self._allowance, self._clock.monotonic(), least=1, most=0)
        wait = wait_seconds(bucket, self._allowance, 1)
        if wait > 0:
            raise TooManyRequests(
                "too many calls without a valid API key came from this address; try again later",
                retry_after=wait,
            )

    def count(self, address: str) -> None:
        """One more failure."""
        if self._allowance.rate <= 0:
            return
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(address, full(self._allowance, now))
        take(bucket, self._allowance, now, least=1, most=1)
        self._buckets.move_to_end(address)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
