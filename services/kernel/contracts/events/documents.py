"""Events of a document's life."""

from typing import ClassVar, Literal

from pydantic import Field

from services.kernel.contracts import topics
from services.kernel.contracts.events.base import BlobRef, Event
from services.kernel.contracts.times import Instant
from services.kernel.contracts.topics import Topic


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
    """A document was accepted: its bytes are at `url`, or already in the staging blob.

    document_type: `document` or `skill`.
    """

    TYPE: ClassVar[str] = "kb.document.submitted"
    TOPIC: ClassVar[Topic] = topics.DOCUMENTS

    name: str
    url: str = ""
    staged: BlobRef | None = None
    declared_type: str = ""
    tags: tuple[str, ...] = ()
    document_type: str = "document"


class DocumentRemoved(DocumentIdentity):
    """A document was deleted; nothing late may revive it."""

    TYPE: ClassVar[str] = "kb.document.removed"
    TOPIC: ClassVar[Topic] = topics.DOCUMENTS

    removed_at: Instant
    deletion_id: str = ""


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
