"""What the memorizer's use cases need of its own store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
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

    async def mark_indexed(self, tx: Transaction, records: Sequence[MemoryRecord]) -> None:
        """The index holds these revisions now."""
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

    async def erase_owner(self, tx: Transaction, project_id: str, owner: Owner, until: int) -> int:
        """Forget what an owner had up to then; how many."""
        ...

    async def erase(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> int:
        """Forget the words of these, and keep a tombstone for each; how many."""
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
