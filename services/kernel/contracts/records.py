"""Memory records: the one shape in which passages, facts, preferences, tools and corrections live.

The memorizer's SQL is their system of record; the index holds the same record as payload.
Times are epoch milliseconds.
"""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Kind(StrEnum):
    """What a record is."""

    PASSAGE = "passage"
    SUMMARY = "summary"  # processed memory of a document or a section
    MESSAGE = "message"  # a raw turn, searchable at once (tag `mode:fast`)
    FACT = "fact"
    PREFERENCE = "preference"
    TOOL = "tool"
    CORRECTION = "correction"
    SKILL = "skill"  # instructions of an uploaded skill file; `detail.skill` holds its parts


class Status(StrEnum):
    """Life of a record; only `activated` ones are found by search."""

    ACTIVATED = "activated"
    RESOLVING = "resolving"
    ARCHIVED = "archived"
    DELETED = "deleted"


class OwnerType(StrEnum):
    """Whose memory it is."""

    KNOWLEDGE_BASE = "kb"
    USER = "user"
    AGENT = "agent"
    PUBLIC = "public"


class Owner(BaseModel):
    """Owner of a record inside one project; `key` is its form in the index (`user:u1`)."""

    model_config = ConfigDict(frozen=True)

    type: OwnerType
    id: str = ""

    @property
    def key(self) -> str:
        """Value of the index payload field `owner`."""
        return f"{self.type.value}:{self.id}"


class MessageEvidence(BaseModel):
    """The words of a conversation on which a memory rests; start, end: characters of `text`'s
    place in the message's own text. order: place in all that its owner said, as the store gave it
    (`MessagesRecorded.sequence`); 0 where `chat_time` says it.
    """

    model_config = ConfigDict(frozen=True)

    message_id: str
    conversation_id: str = ""
    role: str = "user"
    chat_time: int | None = None
    start: int = 0
    end: int = 0
    text: str = ""
    order: int = 0

    @property
    def place(self) -> int:
        """When it was said among other words of the same owner; comparable, not for display."""
        return self.order or self.chat_time or 0


class DocumentAnchor(BaseModel):
    """A span of a document's parsed text: citation of a passage, target of a correction."""

    model_config = ConfigDict(frozen=True)

    knowledgebase_id: str = ""
    document_id: str = ""
    document_name: str = ""
    revision: int = 1
    page_first: int | None = None
    page_last: int | None = None
    heading_path: tuple[str, ...] = ()
    start: int = 0
    end: int = 0


class MemoryRecord(BaseModel):
    """One memory.

    key: title. value: text that search returns. context: indexed with it, not returned
    (title › headings). confidence, weight: 0..1 and >= 0; weight 1 is neutral.
    attribute: normalised subject and attribute of a fact ("user|residence"), by which a newer
    statement replaces an older one; "" where none is known. anchor: citation in a document, or
    what a correction corrects. evidence: messages it rests on. detail: what only one kind has
    (preference_type, reasoning, tool status, correction's old and new value, ...).
    valid_from, valid_to: when the statement holds; None is open. revision: guards against older
    writes. ordinal: position within its source. sequence: place of its source in the gateway's
    order of writes (`MessagesRecorded.sequence`); 0 for what was made before there was one.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    project_id: str
    owner: Owner
    kind: Kind
    key: str = ""
    value: str
    context: str = ""
    tags: tuple[str, ...] = ()
    confidence: float = Field(default=0.99, ge=0, le=1)
    weight: float = Field(default=1.0, ge=0)
    status: Status = Status.ACTIVATED
    attribute: str = ""
    anchor: DocumentAnchor | None = None
    evidence: tuple[MessageEvidence, ...] = ()
    supersedes: tuple[UUID, ...] = ()
    superseded_by: UUID | None = None
    valid_from: int | None = None
    valid_to: int | None = None
    conversation_id: str = ""
    user_id: str = ""
    agent_id: str = ""
    app_id: str = ""
    info: dict[str, JsonValue] = Field(default_factory=dict)
    detail: dict[str, JsonValue] = Field(default_factory=dict)
    created_at: int
    updated_at: int
    revision: int = 1
    ordinal: int = 0
    sequence: int = 0

    @property
    def is_event(self) -> bool:
        """Whether it is a fact that somebody stated in time words that were resolved to a date."""
        stated = any(entry.role == "user" for entry in self.evidence)
        return self.kind is Kind.FACT and stated and bool(self.detail.get("event_time"))

    @property
    def order(self) -> tuple[int, int, str]:
        """Which of two came later by the store's order, whatever a clock said; equal for nobody but
        itself. What was made before there was an order comes first, by its time.
        """
        return self.sequence, self.created_at, str(self.id)

    @property
    def author(self) -> str:
        """Key of the user or agent whose words a shared memory holds; "" for personal ones, and
        where nobody said it.
        """
        if self.owner.type in {OwnerType.USER, OwnerType.AGENT}:
            return ""
        if self.user_id:
            return Owner(type=OwnerType.USER, id=self.user_id).key
        return Owner(type=OwnerType.AGENT, id=self.agent_id).key if self.agent_id else ""
