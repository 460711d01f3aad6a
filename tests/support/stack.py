"""The real servers, for tests marked `real`: where they are, and topics of one's own.

A server that is not there fails the test: a suite that skips proves nothing.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from deploy.stack.layout import Layout
from services.kernel.adapters.kafka_bus import KafkaBus, apply_topics
from services.kernel.contracts.topics import HOUR_MS, Service, Topic
from services.kernel.runtime.connections import ConnectionSettings, KafkaSettings

LAYOUT = Layout.from_environment()


def connections() -> ConnectionSettings:
    """The servers named by the environment, else those of `make stack`."""
    settings = ConnectionSettings()
    if settings.kafka.bootstrap:
        return settings
    groups: dict[str, dict[str, str]] = {}
    for name, value in LAYOUT.environment().items():
        group, _, field = name.removeprefix("MEMLOOM_").lower().partition("__")
        groups.setdefault(group, {})[field] = value
    return ConnectionSettings.model_validate(groups)


def kafka_settings(**changes: object) -> KafkaSettings:
    """The broker, with a prefix of its own, so that tests share nothing."""
    values = connections().kafka.model_dump() | {
        "prefix": f"t{uuid.uuid4().hex[:10]}.",
        "replication": 1,
        "partitions": 4,
        "session_timeout_ms": 6_000,
    }
    return KafkaSettings.model_validate(values | changes)


def a_topic(name: str, *groups: str) -> Topic:
    """A catalogue entry for tests of the bus itself."""
    return Topic(name, Service.GATEWAY, groups, "any", HOUR_MS, "Tests.")


class WallClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def a_kafka_bus(
    settings: KafkaSettings, catalogue: tuple[Topic, ...], *, client_id: str = "tests"
) -> AsyncIterator[KafkaBus]:
    """A bus whose topics exist."""
    await apply_topics(settings, catalogue=catalogue)
    bus = KafkaBus(settings, client_id=client_id, clock=WallClock(), catalogue=catalogue)
    try:
        yield bus
    finally:
        await bus.stop(5.0)


async def until(
    condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 30.0, what: str = ""
) -> None:
    """Wait for a condition; AssertionError with `what` when it does not come true in time."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if not isinstance(found, bool):
            found = await found
        if found:
            return
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        await asyncio.sleep(0.02)
