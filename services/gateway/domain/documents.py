"""Documents, knowledge bases and corrections as the API shows them."""

import hashlib
from typing import Any, Final

from services.gateway.domain import status
from services.gateway.domain.model import CorrectionEntry, Document, KnowledgeBase, Place
from services.kernel.contracts.records import Owner

MEGABYTE: Final = 1_048_576


def files_of(project_id: str, owner: Owner) -> Place:
    """Where the files lie that somebody sent in messages: as a knowledge base that only this one
    searches, listed and linked nowhere.
    """
    name = f"{project_id}/{owner.key}"
    return Place(f"own{hashlib.sha256(name.encode()).hexdigest()[:40]}")


def uploaded(document: Document) -> dict[str, Any]:
    """One entry of the answer to an upload."""
    size = document.state.size or 0
    return {
        "id": document.id,
        "name": document.name,
        "type": document.type,
        "sizeMB": round(size / MEGABYTE, 4) or (size / MEGABYTE),
        "status": status.word(document),
    }


def file_detail(document: Document) -> dict[str, Any]:
    """One entry of `file_detail_list`."""
    state = document.state
    size = state.size or 0
    return {
        "id": document.id,
        "name": document.name,
        "type": document.type,
        "size": f"{size / MEGABYTE:.4f}",
        "sizeMB": round(size / MEGABYTE, 4),
        "status": status.word(document),
        "knowledgebase_id": document.knowledgebase_id,
        "stage": state.stage,
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
