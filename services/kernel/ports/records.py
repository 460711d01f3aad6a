"""The memorizer's records, as gateway and feedback see them: reads and synchronous commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, Status
from services.kernel.contracts.scope import Clauses


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of records, newest first, and how many there are in all."""

    records: tuple[MemoryRecord, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ReindexState:
    """Generations of the index: which serves, which is being filled ("" for none) and which can
    be gone back to. written: records written by the run that is shown (the one that fills, else
    the one that made what serves), of `records` in all. Times: epoch milliseconds, 0 or None for
    never.
    """

    serving: str = ""
    filling: str = ""
    previous: str = ""
    written: int = 0
    records: int = 0
    started_at: int = 0
    ended_at: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class DocumentPlace:
    """A place in the order of a document's records."""

    kind: str
    ordinal: int
    id: str


@dataclass(frozen=True, slots=True)
class OwnerPlace:
    """A place in the order of an owner's records."""

    created_at: int
    id: str


class Records(Protocol):
    """Every call names the project; a record of another project is NotFound."""

    async def get(self, project_id: str, memory_id: UUID) -> MemoryRecord:
        """One record in any status; NotFound (MEMORY_NOT_FOUND)."""
        ...

    async def page(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        *,
        where: Clauses | None = None,
        page: int = 1,
        size: int = 10,
    ) -> RecordPage:
        """Activated records of one owner."""
        ...

    async def of_document(
        self,
        project_id: str,
        document_id: str,
        kinds: Sequence[Kind] = (Kind.PASSAGE,),
        *,
        after: DocumentPlace | None = None,
        limit: int | None = None,
    ) -> list[MemoryRecord]:
        """Activated records of a document, by kind, ordinal and id: all of them, or the first
        `limit` that come after a place.
        """
        ...

    async def listed(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
        *,
        before: OwnerPlace | None = None,
        limit: int = 20,
    ) -> list[MemoryRecord]:
        """Records of one owner in these states, newest first, at most `limit` of those before a
        place.
        """
        ...

    async def counted(
        self, project_id: str, owners: Sequence[str], kinds: Sequence[Kind]
    ) -> dict[str, int]:
        """How many activated records each owner (by its key) has."""
        ...

    async def history(self, project_id: str, memory_id: UUID) -> list[MemoryRecord]:
        """The record with all it superseded and was superseded by, oldest first."""
        ...

    async def edit(
        self,
        project_id: str,
        memory_id: UUID,
        *,
        content: str | None = None,
        title: str | None = None,
        status: str | None = None,
        expected_revision: int | None = None,
    ) -> MemoryRecord:
        """Change by hand; searchable on return; NotFound; VersionChanged where the record has
        another revision than the expected one.
        """
        ...

    async def delete(self, project_id: str, memory_ids: Sequence[UUID]) -> int:
        """Delete by hand, not found by search on return; NotFound when one is missing, and then
        nothing is deleted.
        """
        ...

    async def set_correction(
        self, project_id: str, correction_id: UUID, *, active: bool
    ) -> MemoryRecord:
        """Undo (active=False) or redo a correction; idempotent; searchable on return; NotFound."""
        ...

    async def extract(self, messages: MessagesRecorded) -> list[MemoryRecord]:
        """The facts and preferences that the rules find in these messages alone, in the order in
        which they were said; nothing is stored.
        """
        ...
