"""Memories out of conversations, by rules in Chinese and English: pure and deterministic."""

from collections.abc import Sequence

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord
from services.memorizer.domain.extraction.answers import assistant_drafts
from services.memorizer.domain.extraction.calls import tool_drafts
from services.memorizer.domain.extraction.draft import (
    MemoryDraft,
    Order,
    derive_id,
    identity_of,
    records,
)
from services.memorizer.domain.extraction.turn import Turn, raw, raw_draft
from services.memorizer.domain.extraction.turns import user_drafts

__all__ = [
    "MemoryDraft",
    "Order",
    "derive_id",
    "extract",
    "identity_of",
    "message_memory",
    "records",
    "turns_verbatim",
]

_VIEWS = {
    Kind.FACT: "detail_factual",
    Kind.MESSAGE: "detail_factual",
    Kind.PREFERENCE: "preference",
    Kind.TOOL: "tool_memory",
}


def message_memory(event: MessagesRecorded) -> list[MemoryDraft]:
    """The coarse memories, searchable at once: each turn that says anything, as it was said."""
    drafts: list[MemoryDraft | None] = []
    asked = ""
    for message in event.messages:
        if message.role in {"user", "assistant"} and message.text.strip():
            answers = asked if message.role == "assistant" else ""
            drafts.append(raw_draft(Turn(event, message), answers))
        if message.role == "user":
            asked = message.id
    return [draft for draft in drafts if draft is not None]


def turns_verbatim(event: MessagesRecorded) -> list[MemoryDraft]:
    """Each turn of the user and the assistant as it was said, read by no rule."""
    return [
        raw(turn, message.text.strip(), (turn.evidence(0, len(message.text)),), weight=0.7)
        for message in event.messages
        if message.role in {"user", "assistant"} and message.text.strip()
        for turn in (Turn(event, message),)
        if _wanted(event, Kind.MESSAGE)
    ]


def extract(event: MessagesRecorded, context: Sequence[MemoryRecord] = ()) -> list[MemoryDraft]:
    """The refined memories of an event: facts, preferences, tools, and the raw turns (kind
    `message`) that stay beside them. A coarse memory whose id is not among them is to be
    archived; one whose id is has got a shorter value. context: earlier records of the same
    conversation, by which a first "yes, that one" is understood.
    """
    drafts: list[MemoryDraft] = []
    previous = _last_answer(context)
    asked: Message | None = None
    after_tools = False
    for message in event.messages:
        turn = Turn(event, message)
        if message.role == "user":
            drafts.extend(user_drafts(turn, previous))
            asked, after_tools = message, False
        elif message.role == "tool":
            after_tools = True
        elif message.role == "assistant" and message.text.strip():
            drafts.extend(assistant_drafts(turn, asked=asked, after_tools=after_tools))
            previous, after_tools = message, False
    drafts.extend(tool_drafts(event))
    return [draft for draft in drafts if _wanted(event, draft.kind)]


def _wanted(event: MessagesRecorded, kind: Kind) -> bool:
    views = event.allow_memory_view
    return views is None or _VIEWS[kind] in views


def _last_answer(context: Sequence[MemoryRecord]) -> Message | None:
    """The assistant's newest words among the records, as a message."""
    spoken = [
        one for record in context for one in record.evidence if one.role == "assistant" and one.text
    ]
    if not spoken:
        return None
    newest = max(spoken, key=lambda one: (one.place, one.message_id, one.end))
    padded = " " * newest.start + newest.text
    return Message(
        id=newest.message_id, role="assistant", text=padded, chat_time=newest.chat_time or 0
    )
