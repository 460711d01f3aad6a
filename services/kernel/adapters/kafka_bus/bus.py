"""The bus on Kafka: `Bus` over FastStream's subscribers and one idempotent producer."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from services.kernel.adapters.kafka_bus.connection import (
    client_arguments,
    security,
    unavailable,
)
from services.kernel.adapters.kafka_bus.consumer import GroupConsumer
from services.kernel.adapters.kafka_bus.lag import LagWatch
from services.kernel.adapters.kafka_bus.letters import KafkaDeadLetters
from services.kernel.adapters.kafka_bus.probe import ClusterProbe
from services.kernel.adapters.kafka_bus.records import raw_key
from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.topics import CATALOGUE, Topic
from services.kernel.ports.bus import OutgoingRecord, Route
from services.kernel.ports.clock import Clock
from services.kernel.runtime.connections import KafkaSettings


class KafkaBus(KafkaDeadLetters):
    """One process's part of the bus, with its dead letters.

    Within a partition records are handled one at a time, in order; a route's `workers` are as
    many consumers of its group, so that as many partitions are worked on at once. A crash costs
    the group `session_timeout_ms` before others take over.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        client_id: str,
        clock: Clock,
        catalogue: Sequence[Topic] = CATALOGUE,
    ) -> None:
        super().__init__(settings, catalogue=catalogue, client_id=client_id)
        self._settings = settings
        self._clock = clock
        self._brokers: list[KafkaBroker] = []
        self._groups: list[GroupConsumer] = []
        self._watch = LagWatch(self._connection, catalogue)
        self._probe = ClusterProbe(self._connection)

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        known = {topic.name for topic in self._catalogue}
        for record in records:
            if record.topic not in known:
                raise InvalidInput(f"topic {record.topic!r} is not in the catalogue")
        await self._connection.send(
            [
                (
                    self._connection.topic(record.topic),
                    raw_key(record.key),
                    record.value,
                    list(record.headers.items()),
                )
                for record in records
            ]
        )

    async def start(self, routes: Sequence[Route]) -> None:
        """As the port says, and again for further routes. DependencyUnavailable when the
        cluster cannot be reached; InvalidInput for a group that the catalogue does not name.
        """
        readers = {topic.name: topic.readers for topic in self._catalogue}
        for route in routes:
            if route.group not in readers.get(route.topic, ()):
                raise InvalidInput(
                    f"group {route.group!r} is not a reader of {route.topic!r} in the catalogue"
                )
        log = logging.getLogger("memloom.kafka")
        # FastStream tells of every record and every start; what matters, the policy tells.
        log.setLevel(max(log.level, logging.ERROR))
        broker = KafkaBroker(
            **client_arguments(self._settings, self._connection.client_id),
            security=security(self._settings),
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=None,
            apply_types=False,
            logger=log,
        )
        groups = [GroupConsumer(broker, route, self._connection, self._clock) for route in routes]
        try:
            await broker.start()
        except* KafkaError as errors:
            await broker.stop()
            raise unavailable(errors.exceptions[0]) from errors
        self._brokers.append(broker)
        self._groups += groups

    async def stop(self, grace: float) -> None:
        groups, self._groups = self._groups, []
        brokers, self._brokers = self._brokers, []
        await asyncio.gather(*(group.drain(grace) for group in groups))
        await asyncio.gather(*(broker.stop() for broker in brokers))
        await self._watch.close()
        await self._probe.close()
        await self._connection.close()

    async def close(self) -> None:
        await self.stop(0.0)

    def halted(self) -> Mapping[str, str]:
        """Groups that stand still because the code is wrong, with the reason."""
        return {group.name: group.halted for group in self._groups if group.halted is not None}

    async def check(self) -> None:
        """DependencyUnavailable when the cluster does not answer."""
        await self._probe.check()

    async def lag(self) -> Mapping[str, int]:
        return await self._watch.lag()
