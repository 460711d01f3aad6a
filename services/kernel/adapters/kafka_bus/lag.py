"""How far every group is behind, asked again and again over the same two connections."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.kernel.adapters.kafka_bus.connection import Connection, partitions_of, unavailable
from services.kernel.contracts.topics import Topic


class LagWatch:
    """Connects at first use, and anew after a failure: a first look takes seconds of metadata."""

    def __init__(self, connection: Connection, catalogue: Sequence[Topic]) -> None:
        self._connection = connection
        self._readers = sorted(
            (topic.name, group) for topic in catalogue for group in topic.readers
        )
        self._looking = asyncio.Lock()
        self._stack: AsyncExitStack | None = None
        self._clients: tuple[AIOKafkaAdminClient, AIOKafkaConsumer] | None = None

    async def lag(self) -> Mapping[str, int]:
        """Records not yet handled, by group of the catalogue. DependencyUnavailable."""
        async with self._looking:
            try:
                return await self._look()
            except KafkaError as error:
                await self.close()
                raise unavailable(error) from error

    async def close(self) -> None:
        """Disconnect."""
        stack, self._stack, self._clients = self._stack, None, None
        if stack is not None:
            await stack.aclose()

    async def _open(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        if self._clients is None:
            async with AsyncExitStack() as stack:
                admin = await stack.enter_async_context(self._connection.admin())
                reader = await stack.enter_async_context(self._connection.reader())
                self._stack = stack.pop_all()
            self._clients = admin, reader
        return self._clients

    async def _look(self) -> Mapping[str, int]:
        admin, reader = await self._open()
        names = {name: self._connection.topic(name) for name, _ in self._readers}
        parts = await partitions_of(admin, set(names.values()))
        ends = await reader.end_offsets(parts) if parts else {}
        begins = await reader.beginning_offsets(parts) if parts else {}
        done = await self._committed(admin)
        lag = {group: 0 for _, group in self._readers}
        for topic, group in self._readers:
            for part in parts:
                if part.topic == names[topic]:
                    # What retention took was never handled, and never will be.
                    reached = max(done[group].get(part, 0), begins[part])
                    lag[group] += max(0, ends[part] - reached)
        return lag

    async def _committed(self, admin: AIOKafkaAdminClient) -> dict[str, dict[TopicPartition, int]]:
        async def one(group: str) -> dict[TopicPartition, int]:
            offsets = await admin.list_consumer_group_offsets(self._connection.topic(group))
            return {part: max(0, found.offset) for part, found in offsets.items()}

        groups = [group for _, group in self._readers]
        return dict(zip(groups, await asyncio.gather(*map(one, groups)), strict=True))
