"""The raw text behind memories: the messages as they were sent, the passages as they stand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.kernel.contracts.events import Message
from services.kernel.contracts.records import Kind, MemoryRecord, Owner

# Conversation and message: which message is meant.
MessageKey = tuple[str, str]


def message_keys(records: Iterable[MemoryRecord], subject: Owner) -> list[MessageKey]:
    """The messages behind the subject's own memories. Of what others shared, nothing is shown
    but the words on which the memory rests.
    """
    return list(
        dict.fromkeys(
            (one.conversation_id, one.message_id)
            for record in records
            if record.owner == subject
            for one in record.evidence
        )
    )


def sources_of(
    record: MemoryRecord, messages: Mapping[MessageKey, Message]
) -> list[dict[str, Any]]:
    """The raw texts behind a memory, oldest first."""
    anchor = record.anchor
    if record.kind is Kind.PASSAGE and anchor is not None:
        return [
            {
                "type": "document",
                "document_id": anchor.document_id,
                "document_name": anchor.document_name,
                "start": anchor.start,
                "end": anchor.end,
                "text": record.value,
            }
        ]
    found: dict[MessageKey, dict[str, Any]] = {}
    for one in sorted(record.evidence, key=lambda item: item.chat_time or 0):
        key = (one.conversation_id, one.message_id)
        whole = messages.get(key)
        known = found.get(key)
        if known is not None and whole is None:
            known["text"] = _both(known["text"], one.text)
        found.setdefault(
            key,
            {
                "type": "message",
                "message_id": one.message_id,
                "conversation_id": one.conversation_id,
                "role": one.role,
                "chat_time": one.chat_time,
                "text": one.text if whole is None else whole.text,
            },
        )
    return list(found.values())


def _both(known: str, more: str) -> str:
    return known if more in known else f"{known}\n{more}"


def with_sources(
    items: Sequence[dict[str, Any]],
    field: str,
    sources: Mapping[str, list[dict[str, Any]]],
    *,
    replace: bool,
) -> list[dict[str, Any]]:
    """The items with their raw texts beside them, or (replace) also in place of their own words,
    where there are any.
    """
    shown = []
    for item in items:
        raw = sources.get(item["id"], [])
        text = "\n".join(one["text"] for one in raw if one["text"])
        shown.append({**item, "sources": raw, **({field: text} if replace and text else {})})
    return shown
