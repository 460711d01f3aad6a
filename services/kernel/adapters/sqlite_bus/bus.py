"""Publishing, consuming and dead letters over the queue."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import structlog

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.sqlite_bus import queue
from services.kernel.adapters.sqlite_bus.consumer import Consumer, Lanes
from services.kernel.adapters.sqlite_bus.journal import Journal
from services.kernel.adapters.sqlite_bus.owners import Owners
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.contracts.topics import CATALOGUE, Topic
from services.kernel.ports.bus import DeadLetter, OutgoingRecord, Route
from services.kernel.ports.clock import Clock

CLEANUP_SECONDS: Final = 3600.0

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class SqliteBus:
    """Implements `ports.bus.Bus` and `ports.bus.DeadLetters` in one file.

    path: the file, made when missing. lease_seconds: how long a hung process keeps its keys;
    those of a killed one are free at once. poll_seconds: how soon the work of another process
    is noticed (one's own is at once). space: what is asked for room before a record is published or
    taken; what became of a record is written down in any case.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        catalogue: Sequence[Topic] = CATALOGUE,
        lease_seconds: float = 30.0,
        poll_seconds: float = 0.5,
        space: DiskSpace | None = None,
    ) -> None:
        self._space = space
        self._clock = clock
        self._catalogue = tuple(catalogue)
        self._readers = {topic.name: topic.readers for topic in catalogue}
        self._lease_ms = int(lease_seconds * 1000)
        self._poll = poll_seconds
        self._journal = Journal(path, schema=queue.SCHEMA)
        self._owners = Owners(path.with_name(path.name + "-owners"))
        self._consumers: tuple[Consumer, ...] = ()
        self._keeper: asyncio.Task[None] | None = None
        self._known = False

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        if not records:
            return
        self._room()
        await self._know_readers()
        await self._journal.run(
            partial(
                queue.publish,
                readers=self._readers,
                records=tuple(records),
                now=self._clock.now_ms(),
            )
        )
        self._wake({record.topic for record in records})

    async def start(self, routes: Sequence[Route]) -> None:
        for route in routes:
            if route.group not in self._readers.get(route.topic, ()):
                raise InvalidInput(
                    f"group {route.group!r} is not a reader of {route.topic!r} in the catalogue"
                )
        self._owners.hold()
        await self._know_readers()
        await self._bury_dead()
        lanes = Lanes(self._journal, self._clock, self._owners.name, self._lease_ms, self._space)
        fresh = tuple(Consumer(lanes, self._clock, route) for route in routes)
        self._consumers += fresh
        for consumer in fresh:
            consumer.start()
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def stop(self, grace: float) -> None:
        consumers, self._consumers = self._consumers, ()
        await asyncio.gather(*(consumer.stop(grace) for consumer in consumers))
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait({keeper})
            await self._run(queue.free, owner=self._owners.name, now=self._clock.now_ms())
        self._owners.release()

    async def lag(self) -> Mapping[str, int]:
        await self._know_readers()
        groups = {group: 0 for readers in self._readers.values() for group in readers}
        return groups | await self._journal.run(queue.lag)

    async def check(self) -> None:
        await self._know_readers()
        await self._journal.run(lambda connection: connection.execute("SELECT 1").fetchone())

    async def close(self) -> None:
        await self.stop(0)
        await self._journal.close()
        self._known = False

    async def list(self, *, group: str | None = None, limit: int = 100) -> Sequence[DeadLetter]:
        return await self._run(queue.dead_letters, consumer=group, limit=limit)

    async def get(self, identifier: str) -> DeadLetter:
        return await self._run(queue.dead_letter, identifier=identifier)

    async def replay(self, identifier: str) -> None:
        self._room()
        letter = await self._run(queue.replay, identifier=identifier, now=self._clock.now_ms())
        self._wake({letter.topic})

    async def drop(self, identifier: str) -> None:
        await self._run(queue.drop, identifier=identifier)

    async def clean(self) -> int:
        """Forget handled records that are older than their topic's retention; how many."""
        total = 0
        for topic in self._catalogue:
            before = self._clock.now_ms() - topic.retention_ms
            while True:
                gone = await self._run(queue.clean, topic=topic.name, before=before)
                total += gone
                if gone < queue.CLEANUP_BATCH:
                    break
        return total

    def _room(self) -> None:
        if self._space is not None:
            self._space.require()

    async def _know_readers(self) -> None:
        if not self._known:
            await self._run(queue.know_readers, catalogue=self._catalogue, now=self._clock.now_ms())
            self._known = True

    async def _run(self, work: Callable[..., T], **arguments: object) -> T:
        return await self._journal.run(partial(work, **arguments))

    def _wake(self, topics: set[str] | None = None) -> None:
        for consumer in self._consumers:
            if topics is None or consumer.route.topic in topics:
                consumer.wake()

    async def _keep(self) -> None:
        """Renew leases, notice other processes, bury the dead, clean up."""
        renew_at = clean_at = self._clock.monotonic()
        version = None
        while True:
            await self._clock.sleep(self._poll)
            try:
                now = self._clock.monotonic()
                if now >= renew_at:
                    renew_at = now + self._lease_ms / 3000
                    until = self._clock.now_ms() + self._lease_ms
                    await self._run(queue.renew, owner=self._owners.name, until=until)
                seen = await self._journal.run(queue.version)
                freed = await self._bury_dead()
                if seen != version or freed:
                    self._wake()
                version = seen
                if now >= clean_at:
                    clean_at = now + CLEANUP_SECONDS
                    await self.clean()
            except DependencyUnavailable as error:
                _log.warning("bus.unavailable", error=error.message)

    async def _bury_dead(self) -> int:
        held = await self._journal.run(queue.owners)
        dead = [name for name in held if self._owners.is_dead(name)]
        for name in dead:
            await self._run(queue.free, owner=name, now=self._clock.now_ms())
        return len(dead)
