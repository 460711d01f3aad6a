"""What the gateway's tables hold, as plain values. Times are epoch milliseconds."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from services.kernel.contracts.records import Owner
from services.kernel.contracts.scope import RemovedOwner

# Where documents lie: a knowledge base that is linked to the calling project, or the place of a
# subject's own files. Made where links are checked and where a subject is known, never of what a
# caller wrote.
Place = NewType("Place", str)


class Role(StrEnum):
    """What a key may do in its project; each role may do all that the ones before it may."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def includes(self, needed: "Role") -> bool:
        """Return whether this role may do what `needed` may."""
        order = tuple(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Project:
    """A project: the border that keys and searches never cross."""

    id: str
    name: str
    plan: str
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: its hash, never itself.

    operator: may also do what concerns all projects. expires_at: from then on it is refused, None
    never. previous_until: until then the secret that a rotation replaced still works.
    last_used_at: written in the background, some seconds late.
    """

    id: str
    project_id: str
    name: str
    hint: str
    created_at: int
    revoked_at: int | None = None
    role: Role = Role.ADMIN
    operator: bool = False
    expires_at: int | None = None
    last_used_at: int | None = None
    rotated_at: int | None = None
    previous_until: int | None = None

    def is_active(self, now: int) -> bool:
        """Return whether it is accepted at this time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key that a secret belongs to. replaced: the secret is the one before the last rotation."""

    key: ApiKey
    project: Project
    replaced: bool


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """A knowledge base. project_id owns and pays; linked: whether the asking project sees it.
    unlinked_at: since when no project links it; it counts no longer, and is deleted after a while.
    """

    id: str
    project_id: str
    name: str
    description: str
    created_at: int
    updated_at: int
    deleted_at: int | None = None
    linked: bool = True
    unlinked_at: int | None = None
    documents: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Activity:
    """What a knowledge base holds, and when something in it last moved (0 for never)."""

    documents: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    bytes: int = 0
    passages: int = 0
    memories: int = 0
    corrections: int = 0
    last_at: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """An offer of a knowledge base to another project. project: its name or id as the owner wrote
    it. target_id: the project that it was when the offer was made, "" where there was none: such
    an offer looks like any other and nobody can accept it. accepted_at: since when it is linked.
    """

    id: str
    knowledgebase_id: str
    owner_id: str
    project: str
    target_id: str
    created_at: int
    accepted_at: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentState:
    """How far a document is: the maximum over (revision, attempt, outcome, stage, progress)."""

    revision: int = 1
    attempt: int = 1
    outcome: str = "running"
    stage: str = "submitted"
    progress: float = 0.0
    error_code: int = 0
    error_message: str = ""
    size: int | None = None
    sha256: str = ""
    media_type: str = ""
    pages: int | None = None
    passages: int | None = None
    memories: int | None = None
    memories_pending: int = 0
    model_calls: int = 0
    model_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a knowledge base. reserved: bytes counted against the quota. duplicate_of: the
    document whose bytes turned out to be the same; this one is deleted then, and shown as that.
    queued_turn: its turn among the project's documents that wait for a place in the pipeline; None
    once it is there. declared_type: the media type that its sender named.
    """

    id: str
    project_id: str
    knowledgebase_id: str
    name: str
    type: str
    url: str
    staged_path: str
    reserved: int
    created_at: int
    updated_at: int
    state: DocumentState
    deleted_at: int | None = None
    purged_at: int | None = None
    duplicate_of: str = ""
    queued_turn: int | None = None
    declared_type: str = ""


@dataclass(frozen=True, slots=True)
class Visible:
    """What a project may see at this moment.

    linked: by knowledge base that exists, whether it is linked. lenders: other projects whose
    knowledge bases are linked. hidden: documents deleted, purge not confirmed. removed: users
    and agents that were deleted, purge not confirmed. files: the subject has files of its own.
    """

    linked: dict[str, bool]
    hidden: tuple[str, ...]
    removed: tuple[RemovedOwner, ...]
    files: bool = False
    lenders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A task that a caller may ask for. parts: its ids in events; it is done when all are."""

    id: str
    project_id: str
    kind: str
    status: str
    created_at: int
    error_code: int = 0
    error_message: str = ""
    reason: str = ""
    changes: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody said was wrong."""

    id: str
    project_id: str
    task_id: str
    user_id: str
    conversation_id: str
    content: str
    feedback_time: int
    knowledgebase_ids: tuple[str, ...] = ()
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class CorrectionEntry:
    """One line of the correction log: a decision, and the feedback that it came from."""

    id: str
    project_id: str
    knowledgebase_id: str
    feedback: Feedback
    decision: dict[str, Any] = field(default_factory=dict)
    active: bool = True
    created_at: int = 0
    updated_at: int = 0


@dataclass(frozen=True, slots=True)
class Removal:
    """A user, agent or knowledge base that was deleted; hidden until the purge is confirmed."""

    task_id: str
    project_id: str
    owner_type: str
    owner_id: str
    removed_at: int
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Remembered:
    """A write that runs (answer None) or ran. subjects: what it touched. keyed: by an
    Idempotency-Key. holder: who runs it.
    """

    fingerprint: str
    body: str
    holder: str
    answer: Any
    subjects: tuple[str, ...]
    keyed: bool
    started_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A user or agent and how much it said; times are 0 where it said nothing."""

    owner: Owner
    messages: int = 0
    conversations: int = 0
    first_at: int = 0
    last_at: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation of one subject. position: the place of its first message."""

    id: str
    position: int
    messages: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """Something of a project that changed. kind: document, task or correction. at: when, which is
    the event's id. state: what it is now, as the API shows it.
    """

    kind: str
    id: str
    at: int
    state: dict[str, Any]
