"""How the cluster is reached, how its errors are named, and one producer for all."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    IllegalStateError,
    InvalidProducerEpoch,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
)
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.runtime.connections import KafkaSettings

# Twice the broker's default: a record of the greatest size still fits with a dead letter's headers.
LARGEST_RECORD = 2 << 20

# After these an idempotent producer refuses everything: a new one starts a new sequence.
_PRODUCER_IS_LOST = (
    OutOfOrderSequenceNumber,
    ProducerFenced,
    InvalidProducerEpoch,
    IllegalStateError,
)

Headers = list[tuple[str, bytes]]
RawRecord = tuple[str, bytes | None, bytes | None, Headers]
"""Topic (with prefix), key, value, headers."""


def unavailable(error: BaseException) -> DependencyUnavailable:
    """Our name for what the driver says when it cannot reach or use the cluster."""
    text = str(error) or type(error).__name__
    return DependencyUnavailable(f"Kafka cannot be used now: {text}")


def security(settings: KafkaSettings) -> BaseSecurity:
    """Encryption and login, in FastStream's words."""
    context = None
    if "SSL" in settings.protocol:
        context = ssl.create_default_context(
            cafile=str(settings.ca_file) if settings.ca_file else None
        )
    if not settings.protocol.startswith("SASL"):
        return BaseSecurity(context)
    kind = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    password = settings.password.get_secret_value()
    return kind[settings.mechanism](settings.username, password, context)


def client_arguments(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Arguments that FastStream's broker and aiokafka's clients both take."""
    return {
        "bootstrap_servers": [part.strip() for part in settings.bootstrap.split(",")],
        "client_id": client_id,
        "request_timeout_ms": 20_000,
        "retry_backoff_ms": 200,
    }


def connection_arguments(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Arguments that every aiokafka client takes."""
    return client_arguments(settings, client_id) | parse_security(security(settings))


def _look_at(future: asyncio.Future[Any]) -> None:
    """Nobody waits for it after the time limit: its late error is no news."""
    if not future.cancelled():
        future.exception()


class Connection:
    """The cluster, for one process: a producer opened at first use, and short-lived readers."""

    def __init__(self, settings: KafkaSettings, *, client_id: str) -> None:
        self.settings = settings
        self.client_id = client_id
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()

    def topic(self, name: str) -> str:
        """The catalogue's name as the cluster knows it."""
        return self.settings.prefix + name

    def plain(self, topic: str) -> str:
        """The cluster's name as the catalogue knows it."""
        return topic.removeprefix(self.settings.prefix)

    def arguments(self) -> dict[str, Any]:
        """Arguments that every aiokafka client takes."""
        return connection_arguments(self.settings, self.client_id)

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self.arguments(),
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=LARGEST_RECORD,
                )
                try:
                    await producer.start()
                except BaseException:
                    # Cancelled by the caller's time limit, too.
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def send(self, records: Sequence[RawRecord]) -> None:
        """Durable on return, in order; all or an error (and then some may be there: at least
        once). DependencyUnavailable; InvalidInput where a record is too large for the cluster.
        """
        try:
            async with asyncio.timeout(self.settings.publish_seconds):
                producer = await self._open()
                pending = [
                    await producer.send(topic, value=value, key=key, headers=headers)
                    for topic, key, value, headers in records
                ]
                for future in pending:
                    future.add_done_callback(_look_at)
                # A plain gather would cancel what is still on its way when one fails.
                await asyncio.wait(pending) if pending else None
                for future in pending:
                    future.result()
        except TimeoutError as error:
            raise unavailable(error) from error
        except MessageSizeTooLargeError as error:
            raise InvalidInput(f"the record is too large for Kafka: {error}") from error
        except KafkaError as error:
            if isinstance(error, _PRODUCER_IS_LOST):
                await self.close()
            raise unavailable(error) from error

    async def close(self) -> None:
        """Send what is buffered and disconnect the producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer without a group, for looking; it leaves no trace. DependencyUnavailable."""
        consumer = AIOKafkaConsumer(
            **self.arguments(), enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            yield consumer
        except KafkaError as error:
            raise unavailable(error) from error
        finally:
            # Stopped in the same turn of the loop as started, it would raise CancelledError.
            await asyncio.sleep(0)
            await consumer.stop()

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """The cluster's administration. DependencyUnavailable."""
        admin = AIOKafkaAdminClient(**self.arguments())
        try:
            await admin.start()
            yield admin
        except KafkaError as error:
            raise unavailable(error) from error
        finally:
            await admin.close()


async def partitions_of(
    admin: AIOKafkaAdminClient, topics: Collection[str]
) -> list[TopicPartition]:
    """Every partition of those topics that exist, in order."""
    described = await admin.describe_topics(sorted(topics)) if topics else []
    return sorted(
        TopicPartition(entry["topic"], part["partition"])
        for entry in described
        for part in entry["partitions"]
    )
