"""Events of what was deleted with all that belongs to it."""

from typing import ClassVar

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

    def key(self) -> str:
        return f"{self.project_id}/{self.owner.key}"

    @property
    def is_knowledge_base(self) -> bool:
        """Whether a knowledge base was removed (else a user or an agent)."""
        return self.owner.type is OwnerType.KNOWLEDGE_BASE
