"""Small dialogues as events, and what is remembered of them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.kernel.contracts.events import Message, MessagesRecorded, ToolCall
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType, Status
from services.memorizer.domain.extraction import extract, records
from services.memorizer.domain.merging import reconcile

DAY_MS = 86_400_000
MONDAY_MS = 1_748_829_600_000  # Monday 2025-06-02, 10:00 in Shanghai


def said(text: str, *, day: int = 0, at: int = 0, role: str = "user", **more: object) -> Message:
    """One message; the id is derived from where it stands."""
    return Message.model_validate(
        {
            "id": f"m{day}-{at}",
            "role": role,
            "text": text,
            "chat_time": MONDAY_MS + day * DAY_MS + at * 60_000,
            "position": at,
            **more,
        }
    )


def call(name: str, arguments: str, identifier: str = "c1") -> ToolCall:
    """A tool call."""
    return ToolCall(id=identifier, name=name, arguments=arguments)


def event(messages: Iterable[Message], **more: object) -> MessagesRecorded:
    """Messages of one conversation of one user."""
    return MessagesRecorded.model_validate(
        {
            "project_id": "p",
            "owner": Owner(type=OwnerType.USER, id="u"),
            "conversation_id": "c",
            "task_id": "t",
            "messages": tuple(messages),
            "user_id": "u",
            "recorded_at": MONDAY_MS,
            **more,
        }
    )


def talk(*texts: str | tuple[str, str], day: int = 0) -> MessagesRecorded:
    """User's texts, or (role, text), one a minute."""
    pairs = [("user", one) if isinstance(one, str) else one for one in texts]
    return event(said(text, day=day, at=at, role=role) for at, (role, text) in enumerate(pairs))


def remember(
    events: Sequence[MessagesRecorded], known: Iterable[MemoryRecord] = ()
) -> list[MemoryRecord]:
    """All records after these events, in every status."""
    held: dict[UUID, MemoryRecord] = {record.id: record for record in known}
    for one in events:
        refined = [message.id for message in one.messages]
        begins = min(one.place(message) for message in one.messages)
        earlier = [
            record
            for record in held.values()
            if record.status is Status.ACTIVATED
            and all(e.message_id not in refined and e.place <= begins for e in record.evidence)
        ]
        fresh = records(one, extract(one, earlier), now=MONDAY_MS)
        for change in reconcile(list(held.values()), fresh, now=MONDAY_MS, refined=refined):
            held[change.record.id] = change.record
    return list(held.values())


def active(events: Sequence[MessagesRecorded]) -> list[MemoryRecord]:
    """The records that search may find."""
    return [one for one in remember(events) if one.status is Status.ACTIVATED]


def values(events: Sequence[MessagesRecorded]) -> list[str]:
    """Their texts."""
    return [record.value for record in active(events)]
