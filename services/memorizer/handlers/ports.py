"""What the memorizer's use cases need of its own store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from services.kernel.contracts.events import DocumentIdentity, DocumentRemoved, OwnerRemoved
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, Status
from services.kernel.ports.store import Transaction


@dataclass(frozen=True, slots=True)
class BatchCount:
    """How far a document is: batches done of all, and what was indexed by them."""

    done: int
    passages: int
    memories: int


GenerationState = Literal["filling", "serving", "kept", "dropped"]


@dataclass(frozen=True, slots=True)
class GenerationRow:
    """One generation of the index. identity: fingerprint of what it was made with. written:
    records written into it by the last run. Times: epoch milliseconds.
    """

    name: str
    state: GenerationState
    identity: str = ""
    written: int = 0
    started_at: int = 0
    ended_at: int | None = None
    error: str = ""


class RecordStore(Protocol):
    """Statements over the memorizer's tables; the caller owns the transaction."""

    async def is_document_gone(self, tx: Transaction, event: DocumentIdentity) -> bool:
        """Removed (itself or its knowledge base), or superseded by a newer revision."""
        ...

    async def is_owner_gone(
        self, tx: Transaction, project_id: str, owner: Owner, created_at: int
    ) -> bool:
        """Whether what was created then belongs to an owner that was removed later."""
        ...

    async def see_revision(self, tx: Transaction, event: DocumentIdentity) -> None:
        """Remember the newest revision of a document."""
        ...

    async def bury_document(self, tx: Transaction, event: DocumentRemoved) -> None:
        """Write the tombstone, known or not."""
        ...

    async def bury_owner(self, tx: Transaction, event: OwnerRemoved) -> None:
        """Write the tombstone, known or not."""
        ...

    async def put(self, tx: Transaction, records: Sequence[MemoryRecord]) -> None:
        """Insert or replace, never over a higher revision; not indexed yet."""
        ...

    async def mark_indexed(self, tx: Transaction, records: Sequence[MemoryRecord]) -> list[UUID]:
        """The index holds these revisions now. The ids that were deleted or archived meanwhile:
        the index must forget them again.
        """
        ...

    async def standing(self, tx: Transaction, ids: Sequence[UUID]) -> list[MemoryRecord]:
        """Those of any project that are activated."""
        ...

    async def unindexed(
        self, tx: Transaction, owner: Owner, ids: Sequence[UUID]
    ) -> list[MemoryRecord]:
        """Those whose last revision is not known to be in the index."""
        ...

    async def lock_owner(self, tx: Transaction, project_id: str, owner: Owner) -> None:
        """Until the transaction ends, nobody else who asks for it reckons this owner's memories."""
        ...

    async def related(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        *,
        ids: Sequence[UUID],
        groups: Sequence[str],
    ) -> list[MemoryRecord]:
        """Memories of conversations by id or group (`domain.related.group_key`), in any status,
        tombstones too.
        """
        ...

    async def that_end(self, tx: Transaction, project_id: str, owner: Owner) -> list[MemoryRecord]:
        """Statements that end names, in any status."""
        ...

    async def talk(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        conversation_id: str,
        *,
        limit: int,
    ) -> list[MemoryRecord]:
        """The newest raw turns of one conversation."""
        ...

    async def pending(self, tx: Transaction, limit: int) -> list[MemoryRecord]:
        """Records whose last revision is not known to be in the index, oldest first."""
        ...

    async def many(
        self, tx: Transaction, project_id: str, ids: Sequence[UUID]
    ) -> list[MemoryRecord]:
        """Those that exist in the project."""
        ...

    async def of_owner(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
    ) -> list[MemoryRecord]:
        """Oldest first."""
        ...

    async def page_of_owner(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        *,
        offset: int,
        limit: int,
    ) -> tuple[list[MemoryRecord], int]:
        """Activated ones, newest first, and how many there are."""
        ...

    async def of_document(
        self, tx: Transaction, project_id: str, document_id: str, kinds: Sequence[Kind]
    ) -> list[MemoryRecord]:
        """Activated ones, by kind and ordinal."""
        ...

    async def erase_document(
        self, tx: Transaction, project_id: str, document_id: str, *, below_revision: int | None
    ) -> list[UUID]:
        """Forget what rests on a document (all, or revisions below one); their ids."""
        ...

    async def erase_owner(
        self, tx: Transaction, project_id: str, owner: Owner, until: int | None
    ) -> int:
        """Forget what an owner had up to then (None: all); how many."""
        ...

    async def erase(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> int:
        """Forget the words of these, and keep a tombstone for each; how many."""
        ...

    async def mark_removed(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> None:
        """The index does not hold these tombstones any more."""
        ...

    async def erased(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> set[UUID]:
        """Which of these were deleted by hand: nothing may bring them back."""
        ...

    async def finish_batch(
        self, tx: Transaction, event: DocumentIdentity, batch: int, passages: int, memories: int
    ) -> BatchCount:
        """One unique row a batch; the count tells who is last."""
        ...

    async def all_activated(
        self, tx: Transaction, after: tuple[str, str], limit: int
    ) -> list[MemoryRecord]:
        """For a rebuild: in order of (owner, id), beginning after that pair."""
        ...

    async def count_activated(self, tx: Transaction) -> int:
        """How many points a whole index has."""
        ...

    async def all_owners(self, tx: Transaction) -> list[tuple[str, str]]:
        """(project, key) of every owner that has, or had, records."""
        ...


class GenerationStore(Protocol):
    """What this service did to the generations of the index."""

    async def live(self, tx: Transaction) -> list[GenerationRow]:
        """Those that are written beside the serving one: being filled, or kept."""
        ...

    async def all(self, tx: Transaction) -> list[GenerationRow]:
        """In the order of their start."""
        ...

    async def set(self, tx: Transaction, row: GenerationRow) -> None:
        """Insert or replace."""
        ...
