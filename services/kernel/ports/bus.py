"""The event bus: at least once, in order per key, with dead letters.

Contract (see `tests/contract/bus`): `publish` returns once the records are durable; a record is
delivered to every group of its topic; within a group, records of one key are delivered one at a
time and in order of publishing, records of different keys in parallel up to `workers`; where the
bus chooses what is next, the project with the least in work is served first, and none has more
than `share` keys in work in a process; a record
whose handler did not return a verdict (crash, kill -9, lost lease) is delivered again.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.kernel.contracts.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """What is published: bytes under a key, with headers (names ASCII, values bytes)."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IncomingRecord:
    """What is delivered. position: origin in words of the bus (`topic-partition@offset`).
    delivery: 1 for the first time, where the bus knows it.
    """

    topic: str
    group: str
    key: str
    value: bytes
    headers: Mapping[str, bytes]
    position: str
    delivery: int = 1


Deliver = Callable[[IncomingRecord], Awaitable[Verdict]]


@dataclass(frozen=True, slots=True)
class Route:
    """A consumer: which topic, which group, how many keys at once, and who handles. share: most
    keys of one project at once, where the bus can choose; None: as many as there are workers.
    """

    topic: str
    group: str
    deliver: Deliver
    workers: int = 4
    share: int | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was set aside: its bytes untouched, with cause, attempts and origin."""

    id: str
    topic: str
    group: str
    key: str
    value: bytes
    headers: Mapping[str, bytes]
    cause: str
    error_code: int
    attempts: int
    origin: str
    set_aside_at: int


class Bus(Protocol):
    """What services meet on."""

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Durable on return; all or an error. DependencyUnavailable when the bus is down."""
        ...

    async def start(self, routes: Sequence[Route]) -> None:
        """Begin to consume. Each verdict decides: Ack, Ignore and Fail advance; SetAside writes
        a dead letter and advances; Wait and Retry deliver again later, order kept; Halt stops
        the group for its seconds, after which it goes on by itself where it stood.
        """
        ...

    async def stop(self, grace: float) -> None:
        """Take no new records, let running handlers finish for `grace` seconds, then cancel."""
        ...

    async def lag(self) -> Mapping[str, int]:
        """Records not yet handled, by consumer group."""
        ...

    async def check(self) -> None:
        """DependencyUnavailable when it cannot be used now."""
        ...

    async def close(self) -> None:
        """Release connections. `publish` works until then, also after `stop`."""
        ...


class DeadLetters(Protocol):
    """Dead letters of one bus, for people: `memloom dlq`."""

    async def list(self, *, group: str | None = None, limit: int = 100) -> Sequence[DeadLetter]:
        """Newest last."""
        ...

    async def get(self, identifier: str) -> DeadLetter:
        """One; NotFound."""
        ...

    async def replay(self, identifier: str) -> None:
        """Hand it to its group again, bytes and headers untouched, and drop it here."""
        ...

    async def drop(self, identifier: str) -> None:
        """Forget it; NotFound."""
        ...
