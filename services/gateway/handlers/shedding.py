"""How many searches run at once, and how long the others wait before they are told to come back.

Two rules, both learnt at run time. The number at once follows the time that a search takes: it
grows while searches beside one another take no longer than alone, and shrinks when they do (a
gradient limit, as in Netflix' concurrency-limits). The wait is long for a burst and short for a
standing queue: once the queue has not been empty for half a second, or somebody was refused within
five, the surplus is told at once (the controlled delay of "Fail at Scale", Maurer, ACM Queue 13/8,
after CoDel).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from services.gateway.domain.limits import SearchLimits
from services.kernel.contracts.errors import TooManyRequests
from services.kernel.ports.clock import Clock

# A search beside others may take so many times what it takes alone before fewer run at once.
_TOLERANCE: Final = 1.5
_SHRINK: Final = 0.9
_LEARN: Final = 0.3
_FORGET: Final = 0.01
_STANDING_SECONDS: Final = 0.5
# After a refusal: callers come back together, and a burst each second is no burst.
_STRICT_SECONDS: Final = 5.0
# Of the time that a search takes: how long it waits in a standing queue.
_SHORT_WAIT: Final = 0.75
_UNKNOWN_SECONDS: Final = 0.02
_MOST_WAITING: Final = 512


class SearchTurns:
    """Lets searches run in turn; surplus is refused with TooManyRequests."""

    def __init__(self, *, limits: SearchLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._limit = float(limits.at_once or 2)
        self._alone: float | None = None
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._empty_at = clock.monotonic()
        self._strict_until = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A place for one search, after a short wait at most; TooManyRequests."""
        if self._limits.wait <= 0:
            yield
            return
        await self._enter()
        began, beside = self._clock.monotonic(), self._running
        finished = False
        try:
            yield
            finished = True
        finally:
            self._running -= 1
            if finished:
                self._learn(self._clock.monotonic() - began, beside)
            self._next()

    async def _enter(self) -> None:
        now = self._clock.monotonic()
        if not self._waiting:
            self._empty_at = now
            if self._running < int(self._limit):
                self._running += 1
                return
        standing = self._is_standing(now)
        if self._is_full(standing=standing):
            raise self._refusal()
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        entered = False
        try:
            async with asyncio.timeout(self._short() if standing else self._limits.wait):
                await place
            entered = True
        except TimeoutError:
            raise self._refusal() from None
        finally:
            if not entered:
                self._leave(place)

    def is_overloaded(self) -> bool:
        """Whether a search that came now would be refused for certain."""
        if self._limits.wait <= 0 or not self._waiting:
            return False
        return self._is_full(standing=self._is_standing(self._clock.monotonic()))

    def _is_standing(self, now: float) -> bool:
        return now < self._strict_until or now - self._empty_at > _STANDING_SECONDS

    def _is_full(self, *, standing: bool) -> bool:
        """In a standing queue nobody waits behind more than are served at once."""
        return len(self._waiting) >= (max(1, int(self._limit)) if standing else _MOST_WAITING)

    def _leave(self, place: asyncio.Future[None]) -> None:
        """Give up waiting; a place that came in the same moment goes to the next one."""
        if place.done() and not place.cancelled():
            self._running -= 1
        elif place in self._waiting:  # else it was passed over already
            self._waiting.remove(place)
        self._next()

    def _short(self) -> float:
        return _SHORT_WAIT * (self._alone or _UNKNOWN_SECONDS)

    def _refusal(self) -> TooManyRequests:
        self._strict_until = self._clock.monotonic() + _STRICT_SECONDS
        return TooManyRequests("too many searches at once; try again", retry_after=1.0)

    def _next(self) -> None:
        while self._waiting and self._running < int(self._limit):
            place = self._waiting.popleft()
            if not place.done():
                self._running += 1
                place.set_result(None)
        if not self._waiting:
            self._empty_at = self._clock.monotonic()

    def _learn(self, seconds: float, beside: int) -> None:
        if self._limits.at_once:
            return
        if beside <= 1 or self._alone is None:
            known = seconds if self._alone is None else self._alone
            # Quickly down and slowly up: on a busy machine even one at once is slow, and that is
            # no reason to let in more.
            self._alone = known + (_LEARN if seconds < known else _FORGET) * (seconds - known)
        if seconds > _TOLERANCE * self._alone:
            self._limit = max(1.0, self._limit * _SHRINK)
        elif beside >= int(self._limit):
            self._limit = min(float(self._limits.most), self._limit + 1 / self._limit)
