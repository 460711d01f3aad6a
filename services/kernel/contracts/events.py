"""Events: typed payloads, and the envelope in which each travels.

An event is past tense and immutable. `TYPE` is its stable name; `key()` its record key.
A field is only ever added, with a default; old examples parse for ever.
"""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.kernel.contracts import topics
from services.kernel.contracts.records import DocumentAnchor, Kind, Owner, OwnerType
from services.kernel.contracts.times import Instant
from services.kernel.contracts.topics import Topic


class Event(BaseModel):
    """Base of all events."""

    model_config = ConfigDict(frozen=True)

    TYPE: ClassVar[str]
    TOPIC: ClassVar[Topic]
    VERSION: ClassVar[int] = 1

    def key(self) -> str:
        """Record key: what must stay in order together."""
        raise NotImplementedError


class BlobRef(BaseModel):
    """A blob by reference: bucket-relative path, size in bytes, SHA-256 in hex."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int = 0
    sha256: str = ""


class DocumentIdentity(Event):
    """What every event of one document carries."""

    project_id: str
    knowledgebase_id: str
    document_id: str
    revision: int = 1
    attempt: int = 1

    def key(self) -> str:
        return self.document_id


class DocumentSubmitted(DocumentIdentity):
    """A document was accepted: its bytes are at `url`, or already in the staging blob."""

    TYPE: ClassVar[str] = "kb.document.submitted"
    TOPIC: ClassVar[Topic] = topics.DOCUMENTS

    name: str
    url: str = ""
    staged: BlobRef | None = None
    declared_type: str = ""
    tags: tuple[str, ...] = ()


class DocumentRemoved(DocumentIdentity):
    """A document was deleted; nothing late may revive it."""

    TYPE: ClassVar[str] = "kb.document.removed"
    TOPIC: ClassVar[Topic] = topics.DOCUMENTS

    removed_at: Instant


class DocumentStored(DocumentIdentity):
    """The original is stored; `media_type` was found from content and name."""

    TYPE: ClassVar[str] = "kb.document.stored"
    TOPIC: ClassVar[Topic] = topics.STORED

    name: str
    original: BlobRef
    media_type: str
    tags: tuple[str, ...] = ()


class DocumentParsed(DocumentIdentity):
    """The parsed blob (ParsedDocument as JSON) is written."""

    TYPE: ClassVar[str] = "kb.document.parsed"
    TOPIC: ClassVar[Topic] = topics.PARSED

    name: str
    parsed: BlobRef
    title: str = ""
    pages: int | None = None
    characters: int = 0
    tags: tuple[str, ...] = ()


class PassagesSegmented(DocumentIdentity):
    """Batch `batch` of `batches` (0-based) of a document's passages, in the blob `passages`."""

    TYPE: ClassVar[str] = "kb.passages.segmented"
    TOPIC: ClassVar[Topic] = topics.SEGMENTED

    name: str
    passages: BlobRef
    batch: int
    batches: int
    pages: int | None = None
    total_passages: int = 0
    tags: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.document_id}/{self.batch}"


Stage = Literal["submitted", "stored", "parsed", "segmented", "indexed", "removed"]
STAGES: tuple[Stage, ...] = ("submitted", "stored", "parsed", "segmented", "indexed", "removed")


class DocumentProgressed(DocumentIdentity):
    """How far a document is. The projection keeps the maximum over (attempt, stage, progress).

    outcome: running, completed, failed or deleted; with `failed` come code and message.
    size: bytes, once known.
    """

    TYPE: ClassVar[str] = "kb.document.progressed"
    TOPIC: ClassVar[Topic] = topics.PROGRESSED

    stage: Stage
    outcome: Literal["running", "completed", "failed", "deleted"] = "running"
    progress: float = Field(default=0.0, ge=0, le=1)
    error_code: int = 0
    error_message: str = ""
    name: str = ""
    size: int | None = None
    sha256: str = ""
    media_type: str = ""
    pages: int | None = None
    passages: int | None = None
    memories: int | None = None
    memories_pending: int = 0
    model_calls: int = 0
    model_tokens: int = 0


class ToolCall(BaseModel):
    """A tool call of an assistant message; `arguments` is the JSON text it was sent with."""

    model_config = ConfigDict(frozen=True)

    id: str = ""
    name: str
    arguments: str = ""


class Message(BaseModel):
    """One message of a conversation. chat_time: epoch milliseconds. text: its text parts joined
    by a line feed. attachments: documents made of its file and image parts.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    role: Literal["user", "assistant", "system", "tool"]
    text: str = ""
    chat_time: Instant
    position: int = 0
    role_id: str = ""
    role_name: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    attachments: tuple[str, ...] = ()


class MessagesRecorded(Event):
    """Messages of one conversation, for one subject (user or agent)."""

    TYPE: ClassVar[str] = "chat.message.recorded"
    TOPIC: ClassVar[Topic] = topics.MESSAGES

    project_id: str
    owner: Owner
    conversation_id: str
    task_id: str
    messages: tuple[Message, ...]
    user_id: str = ""
    agent_id: str = ""
    app_id: str = ""
    tags: tuple[str, ...] = ()
    info: dict[str, JsonValue] = Field(default_factory=dict)
    allow_public: bool = False
    allow_knowledgebase_ids: tuple[str, ...] = ()
    allow_memory_view: tuple[str, ...] | None = None
    recorded_at: Instant
    timezone: str = "Asia/Shanghai"

    def key(self) -> str:
        return f"{self.project_id}/{self.owner.key}"


class FeedbackGiven(Event):
    """Plain words about what is wrong. Without knowledge bases it concerns the user's memory."""

    TYPE: ClassVar[str] = "memory.feedback.given"
    TOPIC: ClassVar[Topic] = topics.FEEDBACK

    project_id: str
    feedback_id: str
    task_id: str
    user_id: str
    conversation_id: str = ""
    content: str
    feedback_time: Instant
    agent_id: str = ""
    app_id: str = ""
    allow_public: bool = False
    knowledgebase_ids: tuple[str, ...] = ()
    recent_messages: tuple[Message, ...] = ()
    timezone: str = "Asia/Shanghai"

    def key(self) -> str:
        return f"{self.project_id}/{','.join(self.knowledgebase_ids) or self.user_id}"


CorrectionKind = Literal[
    "replace_value", "rename_term", "drop_rule", "add_exception", "add_knowledge"
]


class Decision(BaseModel):
    """One thing that a feedback changes.

    id: derived from feedback and ordinal. owner: whose memory gets it. text: the new memory in
    full ("用户确认…"). old, new: the value before and after ("" where there is none). anchor:
    the document span that it corrects; target_ids: records (user facts) that it corrects.
    subject: what it is about, as words. attribute: normalised, for superseding an earlier
    correction of the same thing. valid_from: epoch milliseconds, None is at once.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    kind: CorrectionKind
    owner: Owner
    title: str = ""
    text: str
    subject: str = ""
    attribute: str = ""
    old: str = ""
    new: str = ""
    before: str = ""
    after: str = ""
    anchors: tuple[DocumentAnchor, ...] = ()
    target_ids: tuple[UUID, ...] = ()
    valid_from: Instant | None = None
    confidence: float = 0.9
    reason: str = ""


class CorrectionDecided(Event):
    """What a feedback means. No decisions: it changes nothing, and `reason` says why."""

    TYPE: ClassVar[str] = "memory.correction.decided"
    TOPIC: ClassVar[Topic] = topics.CORRECTIONS

    project_id: str
    feedback_id: str
    task_id: str
    user_id: str
    conversation_id: str = ""
    agent_id: str = ""
    app_id: str = ""
    words: str
    feedback_time: Instant
    decisions: tuple[Decision, ...] = ()
    reason: str = ""
    order_key: str = ""

    def key(self) -> str:
        return self.order_key or f"{self.project_id}/{self.user_id}"


class MemoryChange(BaseModel):
    """A memory that a task added, updated, archived or deleted."""

    model_config = ConfigDict(frozen=True)

    memory_id: UUID
    kind: Kind
    change: Literal["added", "updated", "archived", "deleted"]


class TaskProgressed(Event):
    """A task's state; corrections also carry what the correction log shows."""

    TYPE: ClassVar[str] = "task.progressed"
    TOPIC: ClassVar[Topic] = topics.TASKS

    project_id: str
    task_id: str
    status: Literal["running", "completed", "failed"]
    changes: tuple[MemoryChange, ...] = ()
    error_code: int = 0
    error_message: str = ""
    reason: str = ""
    feedback_id: str = ""
    decisions: tuple[Decision, ...] = ()

    def key(self) -> str:
        return self.task_id


class OwnerRemoved(Event):
    """A knowledge base or user was deleted with all that belongs to it, as of `removed_at`."""

    TYPE: ClassVar[str] = "owner.removed"
    TOPIC: ClassVar[Topic] = topics.REMOVALS

    project_id: str
    owner: Owner
    removed_at: Instant
    task_id: str = ""

    def key(self) -> str:
        return f"{self.project_id}/{self.owner.key}"

    @property
    def is_knowledge_base(self) -> bool:
        """Whether a knowledge base was removed (else a user or an agent)."""
        return self.owner.type is OwnerType.KNOWLEDGE_BASE


AnyEvent = (
    DocumentSubmitted
    | DocumentRemoved
    | DocumentStored
    | DocumentParsed
    | PassagesSegmented
    | DocumentProgressed
    | MessagesRecorded
    | FeedbackGiven
    | CorrectionDecided
    | TaskProgressed
    | OwnerRemoved
)

EVENTS: dict[str, type[Event]] = {
    kind.TYPE: kind
    for kind in (
        DocumentSubmitted,
        DocumentRemoved,
        DocumentStored,
        DocumentParsed,
        PassagesSegmented,
        DocumentProgressed,
        MessagesRecorded,
        FeedbackGiven,
        CorrectionDecided,
        TaskProgressed,
        OwnerRemoved,
    )
}


class Envelope(BaseModel):
    """What travels on the bus, as JSON: who said what, when, because of what.

    event_id is derived where the event must be the same on a repeat. time: epoch milliseconds.
    correlation_id: the request that began it all; causation_id: the event that led to this one.
    """

    model_config = ConfigDict(frozen=True)

    event_id: UUID
    type: str
    version: int = 1
    time: int
    producer: str
    key: str
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""
    payload: Annotated[dict[str, JsonValue], Field()]

    @classmethod
    def wrap(
        cls,
        event: Event,
        *,
        event_id: UUID,
        time: int,
        producer: str,
        correlation_id: str = "",
        causation_id: str = "",
        traceparent: str = "",
    ) -> Self:
        """An envelope around `event`."""
        return cls(
            event_id=event_id,
            type=event.TYPE,
            version=event.VERSION,
            time=time,
            producer=producer,
            key=event.key(),
            correlation_id=correlation_id,
            causation_id=causation_id,
            traceparent=traceparent,
            payload=event.model_dump(mode="json"),
        )

    def open(self) -> Event:
        """The event inside; KeyError for an unknown type, ValidationError for a bad payload."""
        return EVENTS[self.type].model_validate(self.payload)
