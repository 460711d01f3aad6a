"""Workers of one route: take a lane, handle its records in order, let it go."""

import asyncio
from functools import partial
from typing import Final

import structlog

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.sqlite_bus import queue
from services.kernel.adapters.sqlite_bus.journal import Journal
from services.kernel.adapters.sqlite_bus.queue import Claim
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.verdicts import Halt, Retry, SetAside, Verdict, Wait
from services.kernel.ports.bus import Route
from services.kernel.ports.clock import Clock

# A key with many records lets others pass after so many.
TURN: Final = 16
# How long to wait when the file itself cannot be used, or a handler gave no verdict.
TROUBLE_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class Lanes:
    """The queue's lanes, as one owner sees them."""

    def __init__(
        self, journal: Journal, clock: Clock, owner: str, lease_ms: int, space: DiskSpace | None
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._owner = owner
        self._lease_ms = lease_ms
        self._space = space

    def has_room(self) -> bool:
        """Whether the disk has room for what handling a record writes."""
        return self._space is None or self._space.has_room()

    async def claim(self, route: Route) -> Claim | int | None:
        """A claim; else when (epoch ms) there may be one; else None."""
        now = self._clock.now_ms()
        return await self._journal.run(
            partial(
                queue.claim,
                topic=route.topic,
                consumer=route.group,
                share=route.workers if route.share is None else route.share,
                owner=self._owner,
                now=now,
                until=now + self._lease_ms,
            )
        )

    async def settle(self, held: Claim, verdict: Verdict, *, keep: bool) -> Claim | None:
        """Write down what became of the record; with `keep`, the lane's next record."""
        now = self._clock.now_ms()
        if isinstance(verdict, Wait | Retry | Halt):
            pause = 0.0 if isinstance(verdict, Halt) else verdict.seconds
            ready_at = now + int(pause * 1000)
            await self._journal.run(
                partial(queue.put_back, held=held, owner=self._owner, ready_at=ready_at)
            )
            return None
        return await self._journal.run(
            partial(
                queue.advance,
                held=held,
                owner=self._owner,
                now=now,
                until=now + self._lease_ms if keep else None,
                aside=verdict if isinstance(verdict, SetAside) else None,
            )
        )


class Consumer:
    """Up to `workers` lanes of one route at once."""

    def __init__(self, lanes: Lanes, clock: Clock, route: Route) -> None:
        self.route = route
        self._lanes = lanes
        self._clock = clock
        self._signal = asyncio.Event()
        self._stopping = False
        self._halted_until = 0.0
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to consume."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self.route.workers)]

    def wake(self) -> None:
        """There may be something to do."""
        signal, self._signal = self._signal, asyncio.Event()
        signal.set()

    async def stop(self, grace: float) -> None:
        """Take nothing new; let what runs finish for `grace` seconds, then cancel it."""
        self._stopping = True
        self.wake()
        if not self._workers:
            return
        _, late = await asyncio.wait(self._workers, timeout=grace)
        for worker in late:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers = []

    async def _work(self) -> None:
        held: Claim | None = None
        turn = 0
        while held is not None or not self._stopping:
            if held is None:
                rest = self._halted_until - self._clock.monotonic()
                if rest > 0:
                    await self._pause(self._signal, rest)
                else:
                    held, turn = await self._next(), 0
                continue
            verdict = await self._deliver(held)
            if isinstance(verdict, Halt):
                self._halt(verdict)
            turn += 1
            held = await self._settle(held, verdict, turn)

    def _halt(self, verdict: Halt) -> None:
        """No worker takes a lane until the halt is over; then all of them go on."""
        _log.error(
            "bus.halted",
            group=self.route.group,
            reason=verdict.reason,
            seconds=verdict.seconds,
        )
        self._halted_until = max(self._halted_until, self._clock.monotonic() + verdict.seconds)
        self.wake()

    @property
    def _resting(self) -> bool:
        return self._stopping or self._clock.monotonic() < self._halted_until

    async def _next(self) -> Claim | None:
        signal = self._signal
        if not self._lanes.has_room():
            await self._pause(signal, TROUBLE_SECONDS)
            return None
        try:
            found = await self._lanes.claim(self.route)
        except DependencyUnavailable as error:
            _log.warning("bus.unavailable", group=self.route.group, error=error.message)
            await self._pause(signal, TROUBLE_SECONDS)
            return None
        if isinstance(found, Claim):
            return found
        if found is None:
            await signal.wait()
        else:
            await self._pause(signal, max(0.0, (found - self._clock.now_ms()) / 1000))
        return None

    async def _pause(self, signal: asyncio.Event, seconds: float) -> None:
        waits = [
            asyncio.create_task(signal.wait()),
            asyncio.ensure_future(self._clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _deliver(self, held: Claim) -> Verdict:
        handling = asyncio.ensure_future(self.route.deliver(held.record))
        try:
            await asyncio.wait({handling})
        finally:
            if not handling.done():
                handling.cancel()
                await asyncio.wait({handling})
        if handling.cancelled():
            return Retry(TROUBLE_SECONDS, held.record.delivery, "the handler was cancelled")
        error = handling.exception()
        if error is not None:
            # The policy is total, so this is a defect of ours; the record stays.
            _log.error("bus.no_verdict", group=self.route.group, exc_info=error)
            return Retry(TROUBLE_SECONDS, held.record.delivery, f"no verdict: {error!r}")
        return handling.result()

    async def _settle(self, held: Claim, verdict: Verdict, turn: int) -> Claim | None:
        while True:
            keep = turn < TURN and not self._resting
            try:
                following = await self._lanes.settle(held, verdict, keep=keep)
            except DependencyUnavailable as error:
                _log.warning("bus.unavailable", group=self.route.group, error=error.message)
                if self._stopping:
                    return None
                await self._clock.sleep(TROUBLE_SECONDS)
                continue
            if following is not None and self._resting:
                await self._lanes.settle(following, Retry(0.0, 0), keep=False)
                return None
            if not keep or isinstance(verdict, Wait | Retry):
                # The lane is free again: an idle colleague may take it, now or when it is due.
                self.wake()
            return following
