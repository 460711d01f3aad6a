"""Answers about documents."""

from typing import Literal

from services.gateway.routes.resources.answers.base import Answer, Listed
from services.gateway.routes.resources.answers.memories import Evidence


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
