"""Memories out of conversations, by rules in Chinese and English: pure and deterministic."""

from collections.abc import Sequence

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord
from services.memorizer.domain.extraction.amendments import (
    Statement,
    correction_draft,
    retraction_draft,
    within_draft,
)
from services.memorizer.domain.extraction.answers import assistant_drafts
from services.memorizer.domain.extraction.calls import tool_drafts
from services.memorizer.domain.extraction.directives import is_off_record, retraction
from services.memorizer.domain.extraction.draft import (
    MemoryDraft,
    Order,
    derive_id,
    identity_of,
    records,
)
from services.memorizer.domain.extraction.replies import reply_draft
from services.memorizer.domain.extraction.self_correction import corrections_within
from services.memorizer.domain.extraction.sentences import unframed
from services.memorizer.domain.extraction.turn import Turn, raw, raw_draft
from services.memorizer.domain.extraction.turns import user_drafts

__all__ = [
    "MemoryDraft",
    "Order",
    "derive_id",
    "extract",
    "identity_of",
    "is_kept",
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
        if message.role == "user" and not is_kept(message.text):
            continue
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
        if message.role in {"user", "assistant"}
        and message.text.strip()
        and (message.role != "user" or is_kept(message.text))
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
    statements = _last_statements(context)
    asked: Message | None = None
    after_tools = False
    for message in event.messages:
        turn = Turn(event, message)
        if message.role == "user":
            found = _of_user(turn, previous, statements)
            drafts.extend(found)
            asked, after_tools = message, False
            statements = [
                Statement.of_draft(one)
                for one in found
                if one.evidence and one.kind is not Kind.MESSAGE
            ]
        elif message.role == "tool":
            after_tools = True
        elif message.role == "assistant" and message.text.strip():
            drafts.extend(assistant_drafts(turn, asked=asked, after_tools=after_tools))
            previous, after_tools = message, False
    drafts.extend(tool_drafts(event))
    return [draft for draft in drafts if _wanted(event, draft.kind)]


def is_kept(text: str) -> bool:
    """Return whether a user's message may be kept: not off the record, nor about forgetting."""
    return not is_off_record(text) and retraction(text) is None


def _of_user(
    turn: Turn, previous: Message | None, statements: Sequence[Statement]
) -> list[MemoryDraft]:
    """What a user's message leaves. previous: the assistant's message before it. statements: those
    of the user's message before, which it may put right.
    """
    text = turn.message.text
    if is_off_record(text):
        return []
    forgotten = retraction(text)
    if forgotten is not None:
        return [retraction_draft(turn, forgotten)]
    right = correction_draft(turn, statements)
    if right is not None:
        return [right]
    within = corrections_within(unframed(text))
    rest = turn
    if within:
        masked = text
        for one in within:
            masked = masked[: one.start] + "\n" * (one.end - one.start) + masked[one.end :]
        rest = Turn(turn.event, turn.message.model_copy(update={"text": masked}))
    drafts = [*(within_draft(turn, one) for one in within), *user_drafts(rest, previous)]
    if all(draft.kind is Kind.MESSAGE for draft in drafts):
        reply = reply_draft(turn, previous)
        if reply is not None:
            return [reply]
    return drafts


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
    newest = max(spoken, key=lambda one: (one.chat_time or 0, one.message_id, one.end))
    padded = " " * newest.start + newest.text
    return Message(
        id=newest.message_id, role="assistant", text=padded, chat_time=newest.chat_time or 0
    )


def _last_statements(context: Sequence[MemoryRecord]) -> list[Statement]:
    """What the user's newest message among the records stated, in its order."""
    stating = [
        record
        for record in context
        if record.kind in (Kind.FACT, Kind.PREFERENCE)
        and record.evidence
        and all(one.role == "user" for one in record.evidence)
    ]
    if not stating:
        return []

    def last(record: MemoryRecord) -> tuple[int, str]:
        return max((one.place, one.message_id) for one in record.evidence)

    newest = max(last(record) for record in stating)
    of_newest = [record for record in stating if last(record) == newest]
    return [Statement.of_record(one) for one in sorted(of_newest, key=lambda one: one.ordinal)]
