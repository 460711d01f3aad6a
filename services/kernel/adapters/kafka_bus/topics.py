"""Topics made from the catalogue: `memloom topics apply`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from services.kernel.adapters.kafka_bus.connection import LARGEST_RECORD, Connection
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.topics import CATALOGUE, Topic, dead_letter_topic
from services.kernel.runtime.connections import KafkaSettings

_SAFE_REPLICATION = 3


@dataclass(frozen=True, slots=True)
class TopicsReport:
    """What `apply_topics` did: created, changed (settings), kept as they were; and differing:
    topics whose number of partitions is not the wanted one. Those are left alone, because more
    partitions would send a key's next record elsewhere, past the ones still waiting.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


def wanted(
    catalogue: Sequence[Topic], *, replication: int, prefix: str = ""
) -> dict[str, dict[str, str]]:
    """Every topic with its settings: the pipeline's, and one for dead letters a reader.

    Dead letters are kept for ever and compacted, so that one which is dropped (its key with no
    value) goes. Two of three replicas must have a record before it counts as written.
    """
    durable = {"min.insync.replicas": "2" if replication >= _SAFE_REPLICATION else "1"}
    found: dict[str, dict[str, str]] = {}
    for topic in catalogue:
        found[prefix + topic.name] = durable | {
            "cleanup.policy": "delete",
            "retention.ms": str(topic.retention_ms),
        }
        for reader in topic.readers:
            found[prefix + dead_letter_topic(topic.name, reader)] = durable | {
                "cleanup.policy": "compact",
                "retention.ms": "-1",
                "max.message.bytes": str(LARGEST_RECORD),
            }
    return found


async def apply_topics(
    settings: KafkaSettings,
    *,
    catalogue: Sequence[Topic] = CATALOGUE,
    replication: int | None = None,
    partitions: int | None = None,
) -> TopicsReport:
    """Create what is missing and set what differs; safe to repeat. DependencyUnavailable.

    replication, partitions: those of the settings, where None. Dead-letter topics have one
    partition: people read them.
    """
    copies = settings.replication if replication is None else replication
    width = settings.partitions if partitions is None else partitions
    topics = wanted(catalogue, replication=copies, prefix=settings.prefix)
    widths = {name: 1 if name.endswith(".dlq") else width for name in topics}
    connection = Connection(settings, client_id="memloom-topics")
    async with connection.admin() as admin:
        there = set(await admin.list_topics())
        missing = [name for name in topics if name not in there]
        await _create(admin, {name: topics[name] for name in missing}, widths, copies)
        present = {name: topics[name] for name in topics if name in there}
        changed = await _align(admin, present)
        differing = await _differing(admin, {name: widths[name] for name in present})
    return TopicsReport(
        created=tuple(missing),
        changed=changed,
        kept=tuple(name for name in present if name not in changed and name not in differing),
        differing=differing,
    )


async def _create(
    admin: AIOKafkaAdminClient,
    topics: Mapping[str, dict[str, str]],
    widths: Mapping[str, int],
    replication: int,
) -> None:
    if not topics:
        return
    response = await admin.create_topics(
        [
            NewTopic(name, widths[name], replication, topic_configs=configs)
            for name, configs in topics.items()
        ]
    )
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        # Another process made it in the meantime: that is what we wanted.
        if code and error is not TopicAlreadyExistsError:
            raise DependencyUnavailable(f"topic {name} was not made: {error.__name__} {message}")


async def _align(
    admin: AIOKafkaAdminClient, topics: Mapping[str, dict[str, str]]
) -> tuple[str, ...]:
    if not topics:
        return ()
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, name, configs=dict.fromkeys(configs))
        for name, configs in topics.items()
    ]
    now: dict[str, dict[str, str]] = {}
    for response in await admin.describe_configs(asked):
        for _code, _message, _kind, name, entries in response.resources:
            now[name] = {entry[0]: entry[1] for entry in entries}
    changed = tuple(name for name, configs in topics.items() if now.get(name) != configs)
    if changed:
        answers: list[Any] = await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, topics[name]) for name in changed]
        )
        for answer in answers:
            for code, message, _kind, name in answer.resources:
                if code:
                    raise DependencyUnavailable(f"topic {name} was not changed: {message}")
    return changed


async def _differing(admin: AIOKafkaAdminClient, widths: Mapping[str, int]) -> tuple[str, ...]:
    if not widths:
        return ()
    try:
        described = await admin.describe_topics(list(widths))
    except KafkaError as error:
        raise DependencyUnavailable(f"topics cannot be described: {error}") from error
    return tuple(
        entry["topic"] for entry in described if len(entry["partitions"]) != widths[entry["topic"]]
    )
