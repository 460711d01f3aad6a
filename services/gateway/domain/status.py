"""A document's status, projected from events: a maximum, so that their order does not matter."""

from dataclasses import replace
from typing import Final

from services.gateway.domain.model import Document, DocumentState
from services.kernel.contracts.events import STAGES, DocumentProgressed

_OUTCOMES: Final = ("running", "failed", "completed")
# How much of a document's way lies behind it when a stage begins; measured on the sample files,
# where reading and indexing take most of the time.
_BEGINS: Final = {"submitted": 0.0, "stored": 0.1, "parsed": 0.4, "segmented": 0.5, "indexed": 0.9}
_ENDS: Final = {"submitted": 0.1, "stored": 0.4, "parsed": 0.5, "segmented": 0.9, "indexed": 1.0}


def _rank(state: DocumentState) -> tuple[int, int, int, int, float]:
    return (
        state.revision,
        state.attempt,
        _OUTCOMES.index(state.outcome),
        STAGES.index(state.stage),
        state.progress,
    )


def _most(left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return right if left is None else left
    return max(left, right)


def _from_event(event: DocumentProgressed) -> DocumentState:
    return DocumentState(
        revision=event.revision,
        attempt=event.attempt,
        outcome=event.outcome,
        stage=event.stage,
        progress=event.progress,
        error_code=event.error_code,
        error_message=event.error_message,
        size=event.size,
        sha256=event.sha256,
        media_type=event.media_type,
        pages=event.pages,
        passages=event.passages,
        memories=event.memories,
        memories_pending=event.memories_pending,
        model_calls=event.model_calls,
        model_tokens=event.model_tokens,
    )


def advance(state: DocumentState, event: DocumentProgressed) -> DocumentState:
    """The state after the event, which must not be a `deleted` one. Any order and repetition of
    the same events ends in the same state.
    """
    news = _from_event(event)
    if (news.revision, news.attempt) != (state.revision, state.attempt):
        if _rank(news) < _rank(state):
            return state
        # What a try before found out (bytes, type) stands until this one says otherwise.
        return news
    key = (_rank(news), news.error_code, news.error_message)
    higher, lower = (
        (news, state)
        if key > (_rank(state), state.error_code, state.error_message)
        else (state, news)
    )
    tied = _rank(higher) == _rank(lower) or higher.outcome == lower.outcome == "completed"
    pending = (
        min(higher.memories_pending, lower.memories_pending) if tied else higher.memories_pending
    )
    return replace(
        higher,
        size=_most(higher.size, lower.size),
        sha256=max(higher.sha256, lower.sha256),
        media_type=max(higher.media_type, lower.media_type),
        pages=_most(higher.pages, lower.pages),
        passages=_most(higher.passages, lower.passages),
        memories=_most(higher.memories, lower.memories),
        memories_pending=pending,
        model_calls=max(higher.model_calls, lower.model_calls),
        model_tokens=max(higher.model_tokens, lower.model_tokens),
    )


def reserved_bytes(state: DocumentState, reserved: int) -> int:
    """What a document counts against the quota: its size once known, nothing once failed."""
    if state.outcome == "failed":
        return 0
    return reserved if state.size is None else state.size


def word(document: Document) -> str:
    """The status that the API shows."""
    if document.deleted_at is not None:
        return "DELETED"
    return {"running": "PROCESSING", "completed": "COMPLETED", "failed": "FAILED"}[
        document.state.outcome
    ]


def stage(document: Document) -> str:
    """How far it is; `queued` while it waits for its project's turn in the pipeline."""
    waits = document.queued_turn is not None and document.deleted_at is None
    return "queued" if waits else document.state.stage


def progress(state: DocumentState) -> float:
    """The way behind the document, 0..1, over all stages."""
    if state.outcome == "completed":
        return 1.0
    begin, end = _BEGINS.get(state.stage, 0.0), _ENDS.get(state.stage, 0.0)
    return round(begin + (end - begin) * state.progress, 3)


def searchable(state: DocumentState) -> bool:
    """Whether its passages are indexed."""
    return state.outcome == "completed" or (state.outcome == "running" and state.stage == "indexed")
