"""When a document stands still: which consumer groups would have to have something to do."""

from typing import Final

from services.gateway.domain.model import Document
from services.kernel.contracts import topics

# What tells the gateway how far documents are.
STATUS_GROUP: Final = topics.PROGRESSED.readers[0]
_NEXT: Final = {
    # Its bytes are taken over, or fetched.
    "submitted": topics.DOCUMENTS.readers[:2],
    "stored": topics.STORED.readers[:1],
    "parsed": topics.PARSED.readers[:1],
    "segmented": topics.SEGMENTED.readers[:1],
    "indexed": topics.SEGMENTED.readers[:1],
}


def groups_of(stage: str) -> frozenset[str]:
    """Who has a record of a document that reached `stage`, as long as it is not lost."""
    return frozenset({STATUS_GROUP, *_NEXT.get(stage, ())})


def is_still(document: Document, before: int) -> bool:
    """Whether it is being worked on and last moved before then (epoch milliseconds). One that
    waits for its project's turn is not.
    """
    return (
        document.deleted_at is None
        and document.queued_turn is None
        and document.state.outcome == "running"
        and document.updated_at < before
    )
