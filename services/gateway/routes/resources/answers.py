"""Models of what our own routes answer, for OpenAPI. Times are epoch milliseconds."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of all answers: nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid")


class Done(Answer):
    """It is done."""

    success: bool


class Deleted(BaseModel):
    """It is deleted: not found from now on. deletion_id: of the receipt."""

    success: bool
    deletion_id: str = ""


class Listed(Answer):
    """A page. next_cursor: of the page that follows, null on the last."""

    next_cursor: str | None


class KnowledgeBaseCounts(Answer):
    """How many of each a knowledge base holds."""

    documents: int
    processing: int
    completed: int
    failed: int
    passages: int
    memories: int
    corrections: int


class KnowledgeBaseDetail(Answer):
    """A knowledge base. owned: made by this project. last_activity: when something in it moved."""

    id: str
    name: str
    description: str
    linked: bool
    owned: bool
    documents: int
    bytes: int
    counts: KnowledgeBaseCounts
    create_time: int
    update_time: int
    last_activity: int


class KnowledgeBaseList(Listed):
    """Knowledge bases, oldest first."""

    knowledge_bases: list[KnowledgeBaseDetail]


class Share(Answer):
    """An offer of a knowledge base. project: as the owner named it."""

    id: str
    knowledgebase_id: str
    project: str
    status: Literal["offered", "accepted"]
    create_time: int
    accept_time: int | None


class ShareList(Answer):
    """Offers of one knowledge base, oldest first."""

    shares: list[Share]


class Offer(Answer):
    """A knowledge base that another project offers to this one; `link` accepts it."""

    knowledgebase_id: str
    name: str
    description: str
    owner: str = Field(description="Name of the project that made it.")
    status: Literal["offered", "accepted"]
    linked: bool
    create_time: int


class OfferList(Answer):
    """Offers to this project, oldest first."""

    offers: list[Offer]


class DocumentDetail(Answer):
    """A document.

    size: in MB, as text, as the public API has it; sizeMB: the same as a number. duplicate_of: of
    a copy, the document with the same bytes. searchable: its passages are indexed.
    memories_pending: model-made ones still due.
    """

    id: str
    type: str
    name: str
    duplicate_of: str | None = None
    size: str
    sizeMB: float  # noqa: N815 - the public API's name
    status: Literal["PROCESSING", "COMPLETED", "FAILED"]
    knowledgebase_id: str
    stage: str
    progress: float
    searchable: bool
    error_code: int
    error_message: str
    pages: int | None
    passages: int | None
    memories: int | None
    memories_pending: int
    model_calls: int
    model_tokens: int
    attempt: int
    revision: int
    sha256: str
    media_type: str
    url: str
    create_time: int
    update_time: int


class DocumentList(Listed):
    """Documents, newest first."""

    documents: list[DocumentDetail]


class AddedDocument(Answer):
    """A document that was taken in."""

    id: str
    name: str
    type: str
    sizeMB: float  # noqa: N815 - the public API's name
    status: str


class AddedDocuments(Answer):
    """One for each that was sent, in their order."""

    documents: list[AddedDocument]


class Evidence(Answer):
    """The words of a conversation on which a memory rests."""

    message_id: str
    conversation_id: str
    role: str
    chat_time: int | None
    start: int
    end: int
    text: str


class MemoryItem(Answer):
    """A passage, summary or correction; start and end: characters of the parsed text."""

    id: str
    memory_key: str
    memory_value: str
    memory_type: Literal["WorkingMemory", "LongTermMemory"]
    kind: str
    create_time: int
    update_time: int
    conversation_id: str
    status: str
    confidence: float
    tags: list[str]
    knowledgebase_id: str | None = None
    document_id: str | None = None
    document_name: str | None = None
    pages: list[int] | None = None
    heading_path: list[str] | None = None
    start: int | None = None
    end: int | None = None
    evidence: list[Evidence] | None = None


class PassageList(Listed):
    """Passages in reading order."""

    passages: list[MemoryItem]


class DocumentMemoryList(Listed):
    """Memories of a document, each kind in reading order."""

    memories: list[MemoryItem]


class DocumentText(Answer):
    """Characters `start` to `end` of a text that has `total`."""

    document_id: str
    revision: int
    title: str
    start: int
    end: int
    total: int
    text: str


class Subject(Answer):
    """A user or an agent. memories: how many search finds."""

    id: str
    messages: int
    conversations: int
    memories: int
    create_time: int
    last_activity: int


class UserList(Listed):
    """Users, by id."""

    users: list[Subject]


class AgentList(Listed):
    """Agents, by id."""

    agents: list[Subject]


class Conversation(Answer):
    """A conversation. messages: how many."""

    id: str
    messages: int
    create_time: int
    last_activity: int


class ConversationList(Listed):
    """Conversations, those that began last first."""

    conversations: list[Conversation]


class ConversationMessage(Answer):
    """A message. chat_time: when it was said; create_time: when it arrived."""

    message_id: str
    role: str
    content: str
    chat_time: int
    create_time: int


class MessageList(Listed):
    """Messages, oldest first."""

    messages: list[ConversationMessage]


class MemoryDetail(Answer):
    """A memory in any state. revision: counts its changes."""

    id: str
    memory_view: str
    title: str
    content: str
    kind: str
    conversation_id: str
    message_ids: list[str]
    status: str
    algorithm_updatable: bool
    created_at: int
    updated_at: int
    revision: int
    user_id: str
    agent_id: str
    tags: list[str]
    info: dict[str, Any]
    knowledgebase_id: str | None = None
    document_id: str | None = None
    document_name: str | None = None
    pages: list[int] | None = None
    heading_path: list[str] | None = None
    start: int | None = None
    end: int | None = None
    evidence: list[Evidence] | None = None


class MemoryList(Listed):
    """Memories, newest first."""

    memories: list[MemoryDetail]


class MemoryHistory(Answer):
    """Memories that replaced each other, oldest first."""

    history: list[MemoryDetail]


class TaskState(BaseModel):
    """A task. memory_views: counts (added, updated, deleted), and ids by view."""

    task_id: str
    status: Literal["running", "completed", "failed"]
    memory_views: dict[str, Any] | None = None
    error_code: int | None = None
    error_message: str | None = None
    reason: str | None = None
    files: list[dict[str, Any]] | None = None


class ListedTask(TaskState):
    """A task in a list."""

    kind: str
    create_time: int


class TaskList(Listed):
    """Tasks, newest first."""

    tasks: list[ListedTask]


class Correction(Answer):
    """A correction: whose words, what they changed, before and after."""

    id: str
    knowledgebase_id: str
    state: str
    user_id: str
    conversation_id: str
    words: str
    feedback_id: str
    feedback_time: int
    task_id: str
    create_time: int
    update_time: int
    kind: str | None
    title: str | None
    text: str | None
    subject: str | None
    attribute: str | None
    old: str | None
    new: str | None
    before: str | None
    after: str | None
    anchors: list[dict[str, Any]] | None
    target_ids: list[str] | None
    valid_from: int | None
    confidence: float | None
    reason: str | None


class CorrectionList(Answer):
    """Corrections, newest first."""

    corrections: list[Correction]
    total: int
    page: int
    page_size: int


class GivenCorrection(BaseModel):
    """The task that decides a feedback, or (dry run) what it would change."""

    success: bool | None = None
    task_id: str | None = None
    status: str | None = None
    dry_run: bool | None = None
    reason: str | None = None
    decisions: list[dict[str, Any]] | None = None


class LogRetention(Answer):
    """Until when a topic of the event log may hold the bytes of what was deleted."""

    topic: str
    until: int


class DeletionReceipt(Answer):
    """What became of a deletion. subject_id: of the user, agent, knowledge base or single document.
    waiting: confirmations of stores that are still to come. counts: how many were deleted, by
    store; events_ignored: what came late and made nothing.
    """

    id: str
    kind: Literal["memories", "user", "agent", "document", "knowledge_base"]
    subject_id: str
    status: Literal["running", "done"]
    requested_at: int
    completed_at: int | None
    waiting: int
    counts: dict[str, int]
    retention: list[LogRetention]


class DeletionList(Listed):
    """Receipts, newest first."""

    deletions: list[DeletionReceipt]


class DeadLetterSummary(Answer):
    """A record that was set aside."""

    id: str
    topic: str
    group: str
    key: str
    cause: str
    error_code: int
    attempts: int
    origin: str
    set_aside_time: int
    bytes: int


class DeadLetterList(Answer):
    """Dead letters, newest last."""

    dead_letters: list[DeadLetterSummary]


class DeadLetterDetail(DeadLetterSummary):
    """A dead letter. text: the begin of its value; value: all of it in Base64."""

    headers: dict[str, str]
    text: str
    value: str
