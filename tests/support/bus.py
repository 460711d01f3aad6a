"""Buses for tests: worlds that give any number of views of one storage, and recorders."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.topics import Service, Topic
from services.kernel.contracts.verdicts import Ack, Verdict
from services.kernel.ports.bus import Bus, DeadLetters, IncomingRecord, OutgoingRecord, Route

GROUPS = ("parser.tests", "ingest.tests")


class FullBus(Bus, DeadLetters, Protocol):
    """Both ports, as every adapter has them."""


class BusWorld(Protocol):
    """One storage (a file, a broker), with topics of the test's own."""

    topic: Topic
    other: Topic

    def open(self) -> FullBus:
        """A bus of its own on that storage, as another process would have."""
        ...

    async def close(self) -> None:
        """Close all that were opened."""
        ...


def new_topic() -> Topic:
    """A topic of its own, read by both `GROUPS`."""
    name = f"test.{uuid4().hex[:10]}.v1"
    return Topic(name, Service.GATEWAY, GROUPS, "key", 3_600_000, "A test's topic.")


class SqliteWorld:
    """A file."""

    def __init__(self, folder: Path, *, lease_seconds: float = 30.0) -> None:
        self.topic = new_topic()
        self.other = new_topic()
        self.path = folder / "bus.db"
        self._lease = lease_seconds
        self._opened: list[SqliteBus] = []

    def open(self) -> SqliteBus:
        bus = SqliteBus(
            self.path,
            clock=SystemClock(),
            catalogue=(self.topic, self.other),
            lease_seconds=self._lease,
            poll_seconds=0.05,
        )
        self._opened.append(bus)
        return bus

    async def close(self) -> None:
        for bus in self._opened:
            await bus.close()


Answer = Callable[[IncomingRecord], Awaitable[Verdict] | Verdict]


class Recorder:
    """A handler that remembers what it saw and how many ran at once, in all and by key."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.seen: list[IncomingRecord] = []
        self.done: list[IncomingRecord] = []
        self.most_at_once = 0
        self.most_of_one_key = 0
        self._answer = answer
        self._running: dict[str, int] = defaultdict(int)

    async def __call__(self, record: IncomingRecord) -> Verdict:
        """Handle."""
        self.seen.append(record)
        self._running[record.key] += 1
        self.most_at_once = max(self.most_at_once, sum(self._running.values()))
        self.most_of_one_key = max(self.most_of_one_key, self._running[record.key])
        try:
            await asyncio.sleep(0)
            verdict = Ack() if self._answer is None else self._answer(record)
            if not isinstance(verdict, Verdict):
                verdict = await verdict
        finally:
            self._running[record.key] -= 1
        self.done.append(record)
        return verdict

    def values(self, key: str | None = None) -> list[bytes]:
        """What was handled, in order."""
        return [record.value for record in self.done if key is None or record.key == key]


def route(
    topic: Topic,
    deliver: Callable[[IncomingRecord], Awaitable[Verdict]],
    *,
    group: str = GROUPS[0],
    workers: int = 4,
) -> Route:
    """A route of that topic."""
    return Route(topic.name, group, deliver, workers)


def record(topic: Topic, key: str, value: bytes | str, **headers: bytes) -> OutgoingRecord:
    """A record for that topic."""
    data = value.encode() if isinstance(value, str) else value
    return OutgoingRecord(topic.name, key, data, headers)


def numbered(topic: Topic, keys: Sequence[str], each: int) -> list[OutgoingRecord]:
    """`each` records a key, interleaved: b"0", b"1", ..."""
    return [record(topic, key, str(n)) for n in range(each) for key in keys]
