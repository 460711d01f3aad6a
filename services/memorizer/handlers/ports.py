"""What the memorizer's use cases need of its own store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from services.kernel.contracts.events import (
    DocumentIdentity,
    DocumentRemoved,
    OwnerRemoved,
)
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, Status
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.records import DocumentPlace, OwnerPlace
from services.kernel.ports.store import Transaction
from services.memorizer.handlers.talk import TalkStore


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


class RecordStore(TalkStore, Protocol):
    """Statements over the memorizer's tables; the caller owns the transaction."""

    async def is_document_gone(self, tx: Transaction, event: DocumentIdentity) -> bool:
        """Removed (itself or its knowledge base), or superseded by a newer revision."""
        ...

    async def is_owner_gone(
        self, tx: Transaction, project_id: str, owner: Owner, *, created_at: int, sequence: int
    ) -> bool:
        """Whether what was written there belongs to an owner that was removed later."""
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

    async def statements(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        conversation_id: str,
        *,
        limit: int,
    ) -> list[MemoryRecord]:
        """Return the newest active facts and preferences of a conversation, newest first."""
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
        self,
        tx: Transaction,
        project_id: str,
        document_id: str,
        kinds: Sequence[Kind],
        *,
        after: DocumentPlace | None = None,
        limit: int | None = None,
    ) -> list[MemoryRecord]:
        """Activated ones, by kind, ordinal and id; where given, `limit` of those after a place."""
        ...

    async def listed(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
        *,
        before: OwnerPlace | None,
        limit: int,
    ) -> list[MemoryRecord]:
        """Records of one owner, newest first."""
        ...

    async def counted(
        self, tx: Transaction, project_id: str, owners: Sequence[str], kinds: Sequence[Kind]
    ) -> dict[str, int]:
        """How many activated records each owner (by its key) has; none is left out."""
        ...

    async def erase_document(
        self, tx: Transaction, project_id: str, document_id: str, *, below_revision: int | None
    ) -> list[UUID]:
        """Forget what rests on a document (all, or revisions below one); their ids."""
        ...

    async def erase_owner(
        self, tx: Transaction, project_id: str, owner: Owner, until: RemovedOwner | None
    ) -> list[UUID]:
        """Forget what the removal covers, shared memories of the owner's messages too (None: all
        that the owner itself has); their ids.
        """
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

    async def batches_done(self, tx: Transaction, event: DocumentIdentity) -> BatchCount:
        """The counts alone."""
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


@dataclass(frozen=True, slots=True)
class Work:
    """What the chat model still owes: `body` is the event in JSON, `units` how many texts it
    reads. document_id is "" for messages. failures: tries begun, this one among them.
    """

    id: UUID
    project_id: str
    owner_key: str
    body: str
    created_at: int
    document_id: str = ""
    revision: int = 0
    units: int = 1
    failures: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """Whose words an answer holds: it is forgotten with them."""

    project_id: str
    owner: Owner
    created_at: int
    document: DocumentIdentity | None = None
    sequence: int = 0

    @property
    def document_id(self) -> str:
        """Empty for messages."""
        return self.document.document_id if self.document else ""

    async def lock(self, tx: Transaction, records: RecordStore) -> bool:
        """Hold its owner until the transaction ends; False where the source is gone."""
        await records.lock_owner(tx, self.project_id, self.owner)
        return not await self.is_gone(tx, records)

    async def is_gone(self, tx: Transaction, records: RecordStore) -> bool:
        """Whether it was removed, or superseded."""
        if self.document is not None:
            return await records.is_document_gone(tx, self.document)
        return await self._is_owner_gone(tx, records)

    async def _is_owner_gone(self, tx: Transaction, records: RecordStore) -> bool:
        return await records.is_owner_gone(
            tx,
            self.project_id,
            self.owner,
            created_at=self.created_at,
            sequence=self.sequence,
        )


@dataclass(frozen=True, slots=True)
class ModelCount:
    """What the model did for a document: units still pending, calls, tokens, answers from the
    cache, texts that it gave no usable answer to, memories.
    """

    pending: int = 0
    calls: int = 0
    tokens: int = 0
    cached: int = 0
    refused: int = 0
    memories: int = 0


class EnrichmentStore(Protocol):
    """What the chat model owes, said and cost."""

    async def owe(self, tx: Transaction, work: Work) -> None:
        """Remember it, once."""
        ...

    async def claim(self, tx: Transaction, now: int, until: int) -> Work | None:
        """One that is due, leased until then, its try counted; None where nothing is due."""
        ...

    async def lease(self, tx: Transaction, identifier: UUID, until: int) -> bool:
        """Keep it longer; False where it is gone."""
        ...

    async def postpone(
        self, tx: Transaction, identifier: UUID, due_at: int, cause: str, *, counted: bool
    ) -> None:
        """Later; not counted: that was no try of its own."""
        ...

    async def finish(self, tx: Transaction, identifier: UUID) -> bool:
        """Forget it; False where it was gone."""
        ...

    async def wake(self, tx: Transaction, now: int) -> None:
        """A process begins: what was postponed, or held by a process that died, is due."""
        ...

    async def waiting(self, tx: Transaction) -> int:
        """How many there are."""
        ...

    async def answer(self, tx: Transaction, project_id: str, content_hash: str) -> str | None:
        """What the model said to this content in this project, as JSON."""
        ...

    async def keep_answer(
        self, tx: Transaction, source: Source, content_hash: str, answer: str
    ) -> None:
        """Remember it for this source."""
        ...

    async def spent(self, tx: Transaction, project_id: str, day: str) -> int:
        """Tokens of a project on a day (YYYY-MM-DD)."""
        ...

    async def spend(
        self, tx: Transaction, project_id: str, day: str, calls: int, tokens: int
    ) -> None:
        """Add to the project's day."""
        ...

    async def count(
        self, tx: Transaction, document_id: str, revision: int, done: ModelCount
    ) -> None:
        """Add to what the model did for a document."""
        ...

    async def counted(self, tx: Transaction, document_id: str, revision: int) -> ModelCount:
        """What it did so far."""
        ...

    async def forget_document(self, tx: Transaction, document_id: str) -> int:
        """Work, answers and counts; how many answers."""
        ...

    async def forget_owner(
        self, tx: Transaction, project_id: str, owner: Owner, until: RemovedOwner | None
    ) -> int:
        """Work and answers that the removal covers (None: all); how many answers."""
        ...

    async def forget_answers(self, tx: Transaction, project_id: str, hashes: Sequence[str]) -> None:
        """Of whatever source."""
        ...
