"""The catalogue: every topic, who writes it, who reads it, its key and its retention.

A topic name as a string anywhere else is a bug. `proto/topics.yaml` is exported from here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
MONTH_MS: Final = 30 * DAY_MS


class Service(StrEnum):
    """The six services; also the names of their consumer groups' owners."""

    GATEWAY = "gateway"
    INGEST = "ingest"
    PARSER = "parser"
    MEMORIZER = "memorizer"
    RETRIEVER = "retriever"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    readers: consumer groups (`<service>` or `<service>.<part>`). key: what the record key is.
    retention_ms: pipeline topics stay longer than the longest `Wait`.
    """

    name: str
    writer: Service
    readers: tuple[str, ...]
    key: str
    retention_ms: int
    purpose: str
    other_writers: tuple[Service, ...] = ()


DOCUMENTS: Final = Topic(
    "kb.document.v1",
    Service.GATEWAY,
    ("ingest.documents", "ingest.fetches", "parser.removals", "memorizer.removals"),
    "document_id",
    MONTH_MS,
    "A document was submitted, or removed: its life begins and ends here.",
)
STORED: Final = Topic(
    "kb.document.stored.v1",
    Service.INGEST,
    ("parser.documents",),
    "document_id",
    MONTH_MS,
    "The original's bytes are checked, hashed and stored.",
)
PARSED: Final = Topic(
    "kb.document.parsed.v1",
    Service.PARSER,
    ("memorizer.documents",),
    "document_id",
    MONTH_MS,
    "Blocks and text of a document are in the parsed blob.",
)
SEGMENTED: Final = Topic(
    "kb.passages.segmented.v1",
    Service.MEMORIZER,
    ("memorizer.passages",),
    "document_id/batch",
    MONTH_MS,
    "A batch of a document's passages waits to be indexed.",
)
PROGRESSED: Final = Topic(
    "kb.document.progressed.v1",
    Service.INGEST,
    ("gateway.documents",),
    "document_id",
    MONTH_MS,
    "How far a document is; the gateway projects its status from this.",
    (Service.PARSER, Service.MEMORIZER),
)
MESSAGES: Final = Topic(
    "chat.message.recorded.v1",
    Service.GATEWAY,
    ("memorizer.messages",),
    "project/user",
    3 * DAY_MS,
    "Messages of a conversation, one event a subject.",
)
FEEDBACK: Final = Topic(
    "memory.feedback.given.v1",
    Service.GATEWAY,
    ("feedback.feedback",),
    "project/knowledge base",
    3 * DAY_MS,
    "Somebody said in plain words what is wrong.",
)
CORRECTIONS: Final = Topic(
    "memory.correction.decided.v1",
    Service.FEEDBACK,
    ("memorizer.corrections",),
    "project/knowledge base",
    3 * DAY_MS,
    "What the feedback means: typed decisions.",
)
TASKS: Final = Topic(
    "task.progressed.v1",
    Service.MEMORIZER,
    ("gateway.tasks",),
    "task_id",
    MONTH_MS,
    "A task (messages, feedback) is done, with what it touched; how far a deletion is.",
    (Service.FEEDBACK, Service.INGEST, Service.PARSER),
)
REMOVALS: Final = Topic(
    "owner.removed.v1",
    Service.GATEWAY,
    ("ingest.owners", "parser.owners", "memorizer.owners"),
    "project/owner",
    MONTH_MS,
    "A knowledge base or a user was deleted with all that belongs to it.",
)

CATALOGUE: Final[tuple[Topic, ...]] = (
    DOCUMENTS,
    STORED,
    PARSED,
    SEGMENTED,
    PROGRESSED,
    MESSAGES,
    FEEDBACK,
    CORRECTIONS,
    TASKS,
    REMOVALS,
)


def topic(name: str) -> Topic:
    """The catalogue's entry of that name; KeyError where there is none."""
    return {entry.name: entry for entry in CATALOGUE}[name]


def dead_letter_topic(topic_name: str, group: str) -> str:
    """Where `group` sets aside what it cannot handle of that topic; kept for ever."""
    return f"{topic_name}.{group}.dlq"
