"""Dead letters on Kafka, for people: `<topic>.<group>.dlq`, compacted, kept for ever."""

from collections.abc import Sequence
from typing import Any

from services.kernel.adapters.kafka_bus.connection import Connection, partitions_of
from services.kernel.adapters.kafka_bus.records import (
    REPLAY_GROUP,
    from_letter,
    original_headers,
    original_value,
    raw_key,
    text_key,
)
from services.kernel.contracts.errors import NotFound
from services.kernel.contracts.topics import CATALOGUE, Topic, dead_letter_topic
from services.kernel.ports.bus import DeadLetter
from services.kernel.runtime.connections import KafkaSettings


class KafkaDeadLetters:
    """`DeadLetters` over the catalogue's dead-letter topics."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        catalogue: Sequence[Topic] = CATALOGUE,
        client_id: str = "memloom-dlq",
    ) -> None:
        self._connection = Connection(settings, client_id=client_id)
        self._catalogue = catalogue

    async def list(self, *, group: str | None = None, limit: int = 100) -> Sequence[DeadLetter]:
        letters = sorted(
            (from_letter(record) for record in (await self._scan(group)).values()),
            key=lambda letter: (letter.set_aside_at, letter.id),
        )
        return letters[-limit:] if limit else []

    async def get(self, identifier: str) -> DeadLetter:
        return from_letter(await self._find(identifier))

    async def replay(self, identifier: str) -> None:
        record = await self._find(identifier)
        letter = from_letter(record)
        headers = [*original_headers(record), (REPLAY_GROUP, letter.group.encode())]
        topic = self._connection.topic(letter.topic)
        # First handed over, then forgotten: a crash between the two replays it twice, loses none.
        await self._connection.send([(topic, raw_key(letter.key), original_value(record), headers)])
        await self._forget(record)

    async def drop(self, identifier: str) -> None:
        await self._forget(await self._find(identifier))

    async def close(self) -> None:
        """Disconnect."""
        await self._connection.close()

    async def _forget(self, record: Any) -> None:
        await self._connection.send([(record.topic, record.key, None, [])])

    async def _find(self, identifier: str) -> Any:
        # The id begins with its group, so that only that group's topics are read.
        found = (await self._scan(identifier.partition(":")[0] or None)).get(identifier)
        if found is None:
            raise NotFound(f"there is no dead letter {identifier}")
        return found

    async def _scan(self, group: str | None) -> dict[str, Any]:
        """Raw records by id, without those that were dropped later."""
        wanted = {
            self._connection.topic(dead_letter_topic(topic.name, reader))
            for topic in self._catalogue
            for reader in topic.readers
            if group in (None, reader)
        }
        found: dict[str, Any] = {}
        async with self._connection.admin() as admin, self._connection.reader() as consumer:
            parts = await partitions_of(admin, wanted)
            if not parts:
                return found
            consumer.assign(parts)
            ends = {part: end for part, end in (await consumer.end_offsets(parts)).items() if end}
            begins = await consumer.beginning_offsets(list(ends)) if ends else {}
            left = {part for part, end in ends.items() if begins[part] < end}
            while left:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        self._note(found, record)
                left = {part for part in left if await consumer.position(part) < ends[part]}
        return found

    @staticmethod
    def _note(found: dict[str, Any], record: Any) -> None:
        identifier = text_key(record.key)
        if record.headers:
            found[identifier] = record
        else:
            found.pop(identifier, None)
