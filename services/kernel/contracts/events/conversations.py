"""Events of messages, feedback and corrections, and of the tasks that they are."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.kernel.contracts import topics
from services.kernel.contracts.events.base import Event
from services.kernel.contracts.records import DocumentAnchor, Kind, Owner
from services.kernel.contracts.times import Instant
from services.kernel.contracts.topics import Topic


class ToolCall(BaseModel):
    """A tool call of an assistant message; `arguments` is the JSON text it was sent with."""

    model_config = ConfigDict(frozen=True)

    id: str = ""
    name: str
    arguments: str = ""


class Message(BaseModel):
    """One message of a conversation. chat_time: epoch milliseconds. text: its text parts joined
    by a line feed. attachments: documents made of its file and image parts. timed: the caller gave
    `chat_time`, so it says what was said after what; else it is the gateway's clock, for display,
    and the event's sequence says that. sequence: of the write that first brought the message,
    where a later one brings it again. edition: sequence of the edit that gave it these words; 0:
    its first words.
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
    timed: bool = True
    sequence: int = 0
    edition: int = 0


class MessagesRecorded(Event):
    """Messages of one conversation, for one subject (user or agent).

    sequence: drawn from the gateway's store, higher than those of all earlier writes of this
    subject, whatever any clock says; in milliseconds where clocks go right. 0: made before there
    was one. custom_extract_prompt: what the caller wants a model to look for, by kind of memory.
    """

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
    custom_extract_prompt: dict[str, str] = Field(default_factory=dict)
    recorded_at: Instant
    timezone: str = "Asia/Shanghai"
    sequence: int = 0

    def key(self) -> str:
        return f"{self.project_id}/{self.owner.key}"

    def place(self, message: Message) -> int:
        """When a message was said among the others of its owner; comparable, not for display."""
        drawn = message.sequence or self.sequence
        return message.chat_time if message.timed or not drawn else drawn


class FeedbackGiven(Event):
    """Plain words about what is wrong. Without knowledge bases it concerns the user's memory.

    sequence: as of `MessagesRecorded`, higher than those of all earlier feedback on the same
    knowledge bases: it says which of two corrections is the later one.
    """

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
    sequence: int = 0

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
    sequence: int = 0

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
