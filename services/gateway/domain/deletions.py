"""Receipts of deletions: what was deleted, who has confirmed it, and what the log still holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from services.kernel.contracts import topics
from services.kernel.contracts.topics import Service, Topic

DeletionKind = Literal["memories", "user", "agent", "document", "knowledge_base"]

# Who holds something of a subject, and confirms that it is gone.
DOCUMENT_HOLDERS: Final = (Service.INGEST, Service.PARSER, Service.MEMORIZER)
PERSON_HOLDERS: Final = (Service.MEMORIZER,)

_OF_DOCUMENTS: Final = (
    topics.DOCUMENTS,
    topics.STORED,
    topics.PARSED,
    topics.SEGMENTED,
    topics.PROGRESSED,
)
_OF_WORDS: Final = (topics.MESSAGES, topics.FEEDBACK, topics.CORRECTIONS, topics.TASKS)
# Topics whose records may hold words, names or places of what was deleted.
_LOGS: Final[dict[DeletionKind, tuple[Topic, ...]]] = {
    "memories": _OF_WORDS,
    "user": (*_OF_WORDS, *_OF_DOCUMENTS, topics.REMOVALS),
    "agent": (*_OF_WORDS, *_OF_DOCUMENTS, topics.REMOVALS),
    "document": _OF_DOCUMENTS,
    "knowledge_base": (*_OF_DOCUMENTS, *_OF_WORDS, topics.REMOVALS),
}


@dataclass(frozen=True, slots=True)
class Deletion:
    """A receipt. subject_id: whose it is, "" for several. waiting: confirmations to come.
    position: its place in the list of receipts.
    """

    id: str
    project_id: str
    kind: DeletionKind
    subject_id: str
    requested_at: int
    waiting: int = 0
    completed_at: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    position: int = 0

    def plus(self, counts: Mapping[str, int], *, confirmed: bool, now: int) -> "Deletion":
        """Return the receipt with what a service told; the last confirmation completes it."""
        waiting = self.waiting - int(confirmed)
        completed = now if confirmed and not waiting else self.completed_at
        return replace(
            self, counts=added(self.counts, counts), waiting=waiting, completed_at=completed
        )


def added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Return the sums by store."""
    return {name: counts.get(name, 0) + more.get(name, 0) for name in sorted({*counts, *more})}


def deletion_detail(deletion: Deletion) -> dict[str, Any]:
    """Return a receipt as the API shows it. Times: epoch milliseconds."""
    return {
        "id": deletion.id,
        "kind": deletion.kind,
        "subject_id": deletion.subject_id,
        "status": "running" if deletion.completed_at is None else "done",
        "requested_at": deletion.requested_at,
        "completed_at": deletion.completed_at,
        "waiting": deletion.waiting,
        "counts": dict(deletion.counts),
        "retention": [
            {"topic": topic.name, "until": deletion.requested_at + topic.retention_ms}
            for topic in _LOGS[deletion.kind]
        ],
    }
