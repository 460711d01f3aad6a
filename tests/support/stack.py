"""The real servers, for tests marked `real`: a topic prefix or a bucket of one's own."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from services.kernel.adapters.kafka_bus import KafkaBus, apply_topics
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.topics import HOUR_MS, Service, Topic
from services.kernel.runtime.connections import KafkaSettings, MinioSettings
from tests.support.settings import real


def kafka_settings(**changes: object) -> KafkaSettings:
    """The broker, with a prefix of its own, so that tests share nothing."""
    values: dict[str, object] = {
        "bootstrap": "" if "bootstrap" in changes else real("kafka"),
        "prefix": f"t{uuid.uuid4().hex[:10]}.",
        "replication": 1,
        "partitions": 4,
        "session_timeout_ms": 6_000,
    }
    return KafkaSettings.model_validate(values | changes)


def minio_settings(**changes: object) -> MinioSettings:
    """The blob store, with a bucket of its own."""
    values: dict[str, object] = {
        "endpoint": "" if "endpoint" in changes else real("minio_endpoint"),
        "access_key": real("minio_access_key"),
        "secret_key": real("minio_secret_key"),
        "bucket": f"test-{uuid.uuid4().hex[:12]}",
    }
    return MinioSettings.model_validate(values | changes)


def a_topic(name: str, *groups: str) -> Topic:
    """A catalogue entry for tests of the bus itself."""
    return Topic(name, Service.GATEWAY, groups, "any", HOUR_MS, "Tests.")


@asynccontextmanager
async def a_kafka_bus(
    settings: KafkaSettings, catalogue: tuple[Topic, ...], *, client_id: str = "tests"
) -> AsyncIterator[KafkaBus]:
    """A bus whose topics exist."""
    await apply_topics(settings, catalogue=catalogue)
    bus = KafkaBus(settings, client_id=client_id, clock=SystemClock(), catalogue=catalogue)
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
