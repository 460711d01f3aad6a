"""The real servers, for tests marked `real`: a topic prefix or a bucket of one's own."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import asyncpg

from deploy.stack.layout import Layout
from services.kernel.adapters.kafka_bus import KafkaBus, apply_topics
from services.kernel.adapters.kafka_bus.connection import Connection
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.topics import HOUR_MS, Service, Topic
from services.kernel.runtime.connections import KafkaSettings, MinioSettings
from tests.support.bus import new_topic
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


async def forget_topics(settings: KafkaSettings) -> None:
    """Delete every topic under the prefix: a broker that keeps all tests' topics gets slow."""
    assert settings.prefix, "these are not a test's topics"
    connection = Connection(settings, client_id="tests-cleanup")
    async with connection.admin() as admin:
        names = [name for name in await admin.list_topics() if name.startswith(settings.prefix)]
        if names:
            await admin.delete_topics(names)


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
        await forget_topics(settings)


class KafkaWorld:
    """Implements `tests.support.bus.BusWorld` on the broker, under a prefix of its own.

    With twelve partitions the keys of the contract's tests fall on different ones: within a
    partition Kafka's keys run one after another.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self.topic = new_topic()
        self.other = new_topic()
        self.settings = settings
        self._opened: list[KafkaBus] = []

    @classmethod
    async def create(cls) -> Self:
        """With its topics made."""
        world = cls(kafka_settings(partitions=12))
        await apply_topics(world.settings, catalogue=(world.topic, world.other))
        return world

    def open(self) -> KafkaBus:
        bus = KafkaBus(
            self.settings,
            client_id=f"tests-{len(self._opened)}",
            clock=SystemClock(),
            catalogue=(self.topic, self.other),
        )
        self._opened.append(bus)
        return bus

    async def close(self) -> None:
        for bus in self._opened:
            await bus.close()
        await forget_topics(self.settings)


async def shared_environment() -> dict[str, str]:
    """MEMLOOM_ variables for services of one's own on the shared servers: a topic prefix with
    its topics made, a bucket and a database, all new.
    """
    kafka, minio = kafka_settings(), minio_settings()
    await apply_topics(kafka)
    database = f"memloom_test_{uuid.uuid4().hex[:12]}"
    server = real("postgres_url")
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"create database {database}")
    finally:
        await connection.close()
    url = f"{server.rpartition('/')[0]}/{database}"
    return {
        "MEMLOOM_KAFKA__BOOTSTRAP": kafka.bootstrap,
        "MEMLOOM_KAFKA__PREFIX": kafka.prefix,
        "MEMLOOM_KAFKA__REPLICATION": "1",
        "MEMLOOM_MINIO__ENDPOINT": minio.endpoint,
        "MEMLOOM_MINIO__ACCESS_KEY": minio.access_key,
        "MEMLOOM_MINIO__SECRET_KEY": minio.secret_key.get_secret_value(),
        "MEMLOOM_MINIO__BUCKET": minio.bucket,
        "MEMLOOM_POSTGRES__URL": url.replace("postgresql://", "postgresql+asyncpg://", 1),
        "MEMLOOM_TIKA__URL": real("tika_url"),
        "MEMLOOM_RUNTIME__OTLP_ENDPOINT": Layout.from_environment().environment()[
            "MEMLOOM_RUNTIME__OTLP_ENDPOINT"
        ],
    }


async def forget_environment(environment: dict[str, str]) -> None:
    """Delete what `shared_environment` made, but for the bucket."""
    await forget_topics(
        KafkaSettings(
            bootstrap=environment["MEMLOOM_KAFKA__BOOTSTRAP"],
            prefix=environment["MEMLOOM_KAFKA__PREFIX"],
        )
    )
    database = environment["MEMLOOM_POSTGRES__URL"].rpartition("/")[2]
    connection = await asyncpg.connect(real("postgres_url"))
    try:
        await connection.execute(f"drop database if exists {database} with (force)")
    finally:
        await connection.close()
