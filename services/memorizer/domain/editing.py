"""Edits of messages: what their former words made is withdrawn, as if never said.

The version of a message is the place of its last edit in the order of its owner's writes, or of
the write that brought it. An event that brings an older version than the one known is late: what
it says of the message is not read.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Status

# Mark in `detail` of a record whose words were edited away: the version that replaced them.
WITHDRAWN: Final = "withdrawn"


def message_of(record: MemoryRecord) -> str:
    """The id of the message that a record was made of; "" where it was made of none."""
    order = record.detail.get("order")
    if isinstance(order, list) and len(order) > 2:  # noqa: PLR2004 - place, position, message
        return str(order[2])
    own = record.kind is Kind.MESSAGE and record.evidence
    return record.evidence[0].message_id if own else ""


def editions(messages: Sequence[Message]) -> dict[str, int]:
    """Version by id of the messages that are edits."""
    return {message.id: message.edition for message in messages if message.edition}


def late(event: MessagesRecorded, known: Mapping[str, int]) -> set[str]:
    """Ids of messages of which a newer version is known than the event brings."""
    return {
        message.id
        for message in event.messages
        if (message.edition or message.sequence or event.sequence) < known.get(message.id, 0)
    }


def without(records: Sequence[MemoryRecord], ids: Collection[str]) -> list[MemoryRecord]:
    """The records that were made of other messages."""
    return [record for record in records if message_of(record) not in ids]


def withdraw(
    records: Sequence[MemoryRecord],
    versions: Mapping[str, int],
    fresh: Sequence[MemoryRecord],
    *,
    now: int,
) -> list[MemoryRecord]:
    """The records of former words of edited messages, archived. Those that are so already, or
    deleted, are not among them. fresh: what the new words made.
    """
    new = {record.id for record in fresh}
    return [
        _archived(record, versions[message_of(record)], fresh, now)
        for record in records
        if record.id not in new
        and record.status is not Status.DELETED
        and WITHDRAWN not in record.detail
    ]


def withdrawn_by(record: MemoryRecord, versions: Mapping[str, int]) -> bool:
    """Whether these very edits withdrew the record."""
    version = record.detail.get(WITHDRAWN)
    return version is not None and versions.get(message_of(record)) == version


def _archived(
    record: MemoryRecord, version: int, fresh: Sequence[MemoryRecord], now: int
) -> MemoryRecord:
    same = (one.id for one in fresh if one.kind is record.kind)
    heir: UUID | None = next(same, None)
    return record.model_copy(
        update={
            "status": Status.ARCHIVED,
            "superseded_by": heir,
            "detail": {**record.detail, WITHDRAWN: version},
            "updated_at": now,
            "revision": record.revision + 1,
        }
    )
