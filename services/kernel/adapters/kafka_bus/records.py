"""Kafka's records as ours, and dead letters as Kafka's records. Pure; bytes stay untouched."""

from typing import Any

from services.kernel.adapters.kafka_bus.connection import Headers, RawRecord
from services.kernel.contracts.topics import dead_letter_topic
from services.kernel.contracts.verdicts import SetAside
from services.kernel.ports.bus import DeadLetter, IncomingRecord

# A replayed record goes to its topic again; groups that it is not for acknowledge it unread.
REPLAY_GROUP = "memloom-replay-group"
_LETTER = "memloom-dlq-"


def position(record: Any) -> str:
    """`topic-partition@offset`, in the cluster's words."""
    return f"{record.topic}-{record.partition}@{record.offset}"


def text_key(key: bytes | None) -> str:
    """A key as text; bytes that are no UTF-8 survive the way back (`raw_key`)."""
    return (key or b"").decode("utf-8", "surrogateescape")


def raw_key(key: str) -> bytes | None:
    """The key's bytes; no key is None, so that Kafka spreads such records."""
    return key.encode("utf-8", "surrogateescape") or None


def meant_for(record: Any, group: str) -> bool:
    """Whether this group is to handle it: all are, but for a replay that names one group."""
    named = dict(record.headers).get(REPLAY_GROUP)
    return named is None or named == group.encode()


def incoming(record: Any, *, topic: str, group: str, delivery: int) -> IncomingRecord:
    """What a handler sees. `record` is aiokafka's; header values stay bytes, whatever they are."""
    headers = {name: value or b"" for name, value in record.headers if name != REPLAY_GROUP}
    return IncomingRecord(
        topic=topic,
        group=group,
        key=text_key(record.key),
        value=record.value or b"",
        headers=headers,
        position=position(record),
        delivery=delivery,
    )


def to_letter(
    record: Any, verdict: SetAside, *, topic: str, group: str, now_ms: int, prefix: str
) -> RawRecord:
    """The dead letter of a record: its key is its id, so that writing it twice is writing it
    once, and a later record with that key and no value forgets it (the topic is compacted).
    """
    identifier = f"{group}:{position(record)}"
    own: dict[str, bytes] = {
        "key": record.key or b"",
        "topic": topic.encode(),
        "group": group.encode(),
        "cause": verdict.cause.encode("utf-8", "replace"),
        "code": str(int(verdict.code)).encode(),
        "attempts": str(verdict.attempts).encode(),
        "origin": position(record).encode(),
        "at": str(now_ms).encode(),
    }
    if record.value is None:
        # A letter without a value would say "forget this key": note it beside the letter.
        own["no-value"] = b"1"
    headers: Headers = [(name, value) for name, value in record.headers if name != REPLAY_GROUP]
    headers += [(_LETTER + name, value) for name, value in own.items()]
    return (
        prefix + dead_letter_topic(topic, group),
        identifier.encode(),
        record.value or b"",
        headers,
    )


def from_letter(record: Any) -> DeadLetter:
    """The dead letter that `to_letter` wrote."""
    own = {
        name.removeprefix(_LETTER): (value or b"").decode("utf-8", "surrogateescape")
        for name, value in record.headers
        if name.startswith(_LETTER)
    }
    return DeadLetter(
        id=text_key(record.key),
        topic=own["topic"],
        group=own["group"],
        key=own["key"],
        value=record.value or b"",
        headers={name: value or b"" for name, value in original_headers(record)},
        cause=own["cause"],
        error_code=int(own["code"]),
        attempts=int(own["attempts"]),
        origin=own["origin"],
        set_aside_at=int(own["at"]),
    )


def original_value(record: Any) -> bytes | None:
    """The value that the record came with."""
    return None if (_LETTER + "no-value") in dict(record.headers) else record.value


def original_headers(record: Any) -> Headers:
    """The headers that the record came with, repeated names and all."""
    return [(name, value) for name, value in record.headers if not name.startswith(_LETTER)]
