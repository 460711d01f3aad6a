"""Events of what was deleted with all that belongs to it, and of how far that is."""

from typing import ClassVar

from pydantic import Field

from services.kernel.contracts import topics
from services.kernel.contracts.events.base import Event
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.contracts.times import Instant
from services.kernel.contracts.topics import Topic


class OwnerRemoved(Event):
    """A knowledge base or user was deleted with all that belongs to it: what stands before
    `sequence` in the gateway's order of writes (0: what was recorded up to `removed_at`, ms).
    """

    TYPE: ClassVar[str] = "owner.removed"
    TOPIC: ClassVar[Topic] = topics.REMOVALS

    project_id: str
    owner: Owner
    removed_at: Instant
    task_id: str = ""
    sequence: int = 0
    deletion_id: str = ""

    def key(self) -> str:
        return f"{self.project_id}/{self.owner.key}"

    @property
    def is_knowledge_base(self) -> bool:
        """Whether a knowledge base was removed (else a user or an agent)."""
        return self.owner.type is OwnerType.KNOWLEDGE_BASE


def document_subject(document_id: str) -> str:
    """Name a document in a deletion's receipt."""
    return f"document:{document_id}"


def owner_subject(owner: Owner) -> str:
    """Name a user, agent or knowledge base in a deletion's receipt."""
    return f"owner:{owner.key}"


class DeletionProgressed(Event):
    """What a service did about a deletion.

    subject: a document or an owner, as named above. service: which tells. done: its part is done;
    else something came late and was ignored. counts: by store, how many were deleted or ignored.
    deletion_id: the receipt; "" is the subject's newest.
    """

    TYPE: ClassVar[str] = "deletion.progressed"
    TOPIC: ClassVar[Topic] = topics.TASKS

    project_id: str
    subject: str
    service: str
    deletion_id: str = ""
    done: bool = True
    counts: dict[str, int] = Field(default_factory=dict)

    def key(self) -> str:
        return self.deletion_id or self.subject
