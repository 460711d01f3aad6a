"""Documents, knowledge bases and corrections as the API shows them."""

import hashlib
from dataclasses import replace
from typing import Any, Final

from services.gateway.domain import status
from services.gateway.domain.model import Activity, CorrectionEntry, Document, KnowledgeBase, Place
from services.kernel.contracts.records import Owner

MEGABYTE: Final = 1_048_576
_DECIMALS: Final = 4
# One byte is 0.0000009537 MB.
_MORE_DECIMALS: Final = 10


def files_of(project_id: str, owner: Owner) -> Place:
    """Where the files lie that somebody sent in messages: as a knowledge base that only this one
    searches, listed and linked nowhere.
    """
    name = f"{project_id}/{owner.key}"
    return Place(f"own{hashlib.sha256(name.encode()).hexdigest()[:40]}")


def megabytes(size: int) -> float:
    """The size with four decimals, with ten where four would hide that there are bytes."""
    found = size / MEGABYTE
    return round(found, _DECIMALS) or round(found, _MORE_DECIMALS)


def _size_text(size: int) -> str:
    found = size / MEGABYTE
    short = f"{found:.{_DECIMALS}f}"
    return short if float(short) or not size else f"{found:.{_MORE_DECIMALS}f}".rstrip("0")


def uploaded(document: Document) -> dict[str, Any]:
    """One entry of the answer to an upload; a copy's names the document that it is a copy of."""
    copied = {"duplicate_of": document.duplicate_of} if document.duplicate_of else {}
    return copied | {
        "id": document.id,
        "name": document.name,
        "type": document.type,
        "sizeMB": megabytes(document.state.size or 0),
        "status": status.word(document),
    }


def as_copy(copy: Document, original: Document) -> Document:
    """The original under the id and the name of its copy."""
    return replace(original, id=copy.id, name=copy.name, duplicate_of=original.id)


def source_of(document: Document) -> str:
    """The id under which a document's bytes, text and memories lie: of a copy, its original's."""
    return document.duplicate_of or document.id


def file_detail(document: Document) -> dict[str, Any]:
    """One entry of `file_detail_list`; a copy's names the document that it is a copy of."""
    state = document.state
    size = state.size or 0
    copied = {"duplicate_of": document.duplicate_of} if document.duplicate_of else {}
    return copied | {
        "id": document.id,
        "name": document.name,
        "type": document.type,
        "size": _size_text(size),
        "sizeMB": megabytes(size),
        "status": status.word(document),
        "knowledgebase_id": document.knowledgebase_id,
        "stage": status.stage(document),
        "progress": status.progress(state),
        "searchable": status.searchable(state) and document.deleted_at is None,
        "error_code": state.error_code,
        "error_message": state.error_message,
        "pages": state.pages,
        "passages": state.passages,
        "memories": state.memories,
        "memories_pending": state.memories_pending,
        "model_calls": state.model_calls,
        "model_tokens": state.model_tokens,
        "attempt": state.attempt,
        "revision": state.revision,
        "sha256": state.sha256,
        "media_type": state.media_type,
        "url": document.url,
        "create_time": document.created_at,
        "update_time": document.updated_at,
    }


def knowledge_base(entry: KnowledgeBase) -> dict[str, Any]:
    """One knowledge base, as our own routes show it."""
    return {
        "id": entry.id,
        "name": entry.name,
        "description": entry.description,
        "linked": entry.linked,
        "documents": entry.documents,
        "bytes": entry.bytes,
        "create_time": entry.created_at,
        "update_time": entry.updated_at,
    }


def base_detail(entry: KnowledgeBase, held: Activity, *, project_id: str) -> dict[str, Any]:
    """One knowledge base with what it holds, as `project_id` sees it."""
    return knowledge_base(entry) | {
        "owned": entry.project_id == project_id,
        "documents": held.documents,
        "bytes": held.bytes,
        "counts": {
            "documents": held.documents,
            "processing": held.processing,
            "completed": held.completed,
            "failed": held.failed,
            "passages": held.passages,
            "memories": held.memories,
            "corrections": held.corrections,
        },
        "last_activity": max(entry.updated_at, held.last_at),
    }


def correction(entry: CorrectionEntry, *, state: str) -> dict[str, Any]:
    """One line of the correction log: who, when, which words, what it changed."""
    return {
        "id": entry.id,
        "knowledgebase_id": entry.knowledgebase_id,
        "state": state,
        "user_id": entry.feedback.user_id,
        "conversation_id": entry.feedback.conversation_id,
        "words": entry.feedback.content,
        "feedback_id": entry.feedback.id,
        "feedback_time": entry.feedback.feedback_time,
        "task_id": entry.feedback.task_id,
        "create_time": entry.created_at,
        "update_time": entry.updated_at,
        **shown_decision(entry.decision),
    }


def shown_decision(decision: dict[str, Any]) -> dict[str, Any]:
    """What a decision changes: kind, text, old and new value, before and after, anchors."""
    return {
        key: decision.get(key)
        for key in (
            "kind",
            "title",
            "text",
            "subject",
            "attribute",
            "old",
            "new",
            "before",
            "after",
            "anchors",
            "target_ids",
            "valid_from",
            "confidence",
            "reason",
        )
    }
