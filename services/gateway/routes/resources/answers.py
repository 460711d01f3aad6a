"""Models of what our own routes answer, for OpenAPI. Times are epoch milliseconds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of all answers: nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid")


class Done(Answer):
    """It is done."""

    success: bool


class Deleted(BaseModel):
    """It is deleted: not found from now on."""

    success: bool


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
