"""A memory that is proposed from a conversation, before it meets the older ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from pydantic import JsonValue

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, MessageEvidence, Owner

NAMESPACE = UUID("6f0d8d2c-61b1-5f0e-9a7e-1f6a3c0f7b21")


@dataclass(frozen=True, slots=True)
class Order:
    """When something was said: newer is greater, whatever arrived first. place: as the event gives
    it (`MessagesRecorded.place`).
    """

    place: int
    position: int
    message_id: str
    start: int


@dataclass(frozen=True, slots=True)
class MemoryDraft:
    """One memory with the words it rests on.

    value: third person, with the user's own wording. context: words to index with it, never
    returned. attribute: `subject|attribute`, by which a newer statement replaces an older one,
    "" where none is known. content: what the statement says, normalised; two drafts of one
    attribute with the same content are duplicates. ends: names that this statement ends
    ("moved from Berlin"). changes: names of what it says has changed. replaces: ids of
    memories that this one puts right. subject: `user` or a
    relation ("sister"). negated: it says what is not wanted or not so. valid_from, valid_to:
    epoch milliseconds.
    """

    id: UUID
    kind: Kind
    key: str
    value: str
    evidence: tuple[MessageEvidence, ...]
    order: Order
    context: str = ""
    tags: tuple[str, ...] = ()
    attribute: str = ""
    content: str = ""
    ends: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    replaces: tuple[UUID, ...] = ()
    subject: str = "user"
    negated: bool = False
    valid_from: int | None = None
    valid_to: int | None = None
    confidence: float = 0.9
    weight: float = 1.0
    detail: dict[str, JsonValue] = field(default_factory=dict)


def derive_id(  # noqa: PLR0917 - the parts of an identity, in their order
    project_id: str,
    owner: Owner,
    conversation_id: str,
    message_id: str,
    ordinal: int,
    kind: Kind,
    attribute: str = "",
) -> UUID:
    """The same words of the same message have the same id for ever. ordinal: where in the
    message the memory begins, in characters.
    """
    parts = (project_id, owner.key, conversation_id, message_id, str(ordinal), kind.value)
    return uuid5(NAMESPACE, "\x1f".join((*parts, attribute)))


def identity_of(message: Message) -> str:
    """What stands for the message in ids: an edit's memories are not those of the words before."""
    return f"{message.id}\x1f{message.edition}" if message.edition else message.id


def records(
    event: MessagesRecorded, drafts: Iterable[MemoryDraft], *, now: int
) -> list[MemoryRecord]:
    """Drafts as records of the event's owner; `now` is their time of creation."""
    return [_record(event, draft, now) for draft in drafts]


def _record(event: MessagesRecorded, draft: MemoryDraft, now: int) -> MemoryRecord:
    order = draft.order
    detail: dict[str, JsonValue] = {
        **draft.detail,
        "order": [order.place, order.position, order.message_id, order.start],
        "content": draft.content,
        "subject": draft.subject,
        "negated": draft.negated,
        "own_evidence": len(draft.evidence),
    }
    if draft.changes:
        detail["changes"] = list(draft.changes)
    if draft.kind is Kind.FACT:
        detail["own_value"] = draft.value
    if draft.replaces:
        detail["replaces"] = [str(identifier) for identifier in draft.replaces]
    if draft.ends:
        detail["ends"] = list(draft.ends)
    if draft.context:
        detail["own_context"] = draft.context
    if draft.valid_to is not None:
        detail["own_valid_to"] = draft.valid_to
    return MemoryRecord(
        id=draft.id,
        project_id=event.project_id,
        owner=event.owner,
        kind=draft.kind,
        key=draft.key,
        value=draft.value,
        context=draft.context,
        tags=draft.tags,
        confidence=draft.confidence,
        weight=draft.weight,
        attribute=draft.attribute,
        evidence=draft.evidence,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        conversation_id=event.conversation_id,
        user_id=event.user_id,
        agent_id=event.agent_id,
        app_id=event.app_id,
        info=dict(event.info),
        detail=detail,
        created_at=now,
        updated_at=now,
        ordinal=order.start,
        sequence=event.sequence,
    )
