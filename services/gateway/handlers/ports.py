"""What the use cases need of the gateway's tables; `store` implements it, `app` hands it in."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from services.gateway.domain.model import (
    ApiKey,
    CorrectionEntry,
    Document,
    Feedback,
    FoundKey,
    KnowledgeBase,
    Place,
    Project,
    Remembered,
    Removal,
    Task,
    Visible,
)
from services.kernel.contracts.events import Envelope, Event, Message
from services.kernel.contracts.records import Owner
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.store import Transaction


class Outbox(Protocol):
    """Events that leave with the transaction in which they were added."""

    async def add(
        self, tx: Transaction, events: Sequence[Event], *, correlation_id: str = ""
    ) -> Sequence[Envelope]:
        """Publish them after the commit, in order per key."""
        ...


class KeyStore(Protocol):
    """Projects and keys."""

    async def project(self, tx: Transaction, project_id: str) -> Project | None:
        """By id."""
        ...

    async def project_named(self, tx: Transaction, name: str) -> Project | None:
        """By name."""
        ...

    async def projects(self, tx: Transaction) -> list[Project]:
        """All, oldest first."""
        ...

    async def add_project(self, tx: Transaction, project: Project) -> bool:
        """False where its id or name is taken."""
        ...

    async def lock_project(self, tx: Transaction, project_id: str) -> Project | None:
        """By id, held until the transaction ends: quotas are counted under it."""
        ...

    async def set_plan(self, tx: Transaction, project_id: str, plan: str) -> bool:
        """False for an unknown project."""
        ...

    async def add_key(self, tx: Transaction, key: ApiKey, digest: str) -> bool:
        """False where the same key is there."""
        ...

    async def rename_project(self, tx: Transaction, project_id: str, name: str) -> bool:
        """False for an unknown project, and where another one has the name."""
        ...

    async def key_by_digest(self, tx: Transaction, digest: str) -> FoundKey | None:
        """The key (revoked and expired ones too) that has or had this secret, with its project."""
        ...

    async def key(
        self, tx: Transaction, key_id: str, *, project_id: str | None = None
    ) -> ApiKey | None:
        """By id, of this project or of any."""
        ...

    async def save_key(self, tx: Transaction, key: ApiKey) -> None:
        """Write name, role, operator, expiry and revocation."""
        ...

    async def rotate_key(self, tx: Transaction, key: ApiKey, digest: str) -> None:
        """Give it a new secret; the one that it had becomes the previous one."""
        ...

    async def mark_used(self, tx: Transaction, used: Mapping[str, int]) -> None:
        """Write the last use of keys by id; an older time than the one kept is left out."""
        ...

    async def keys(self, tx: Transaction, project_id: str | None) -> list[ApiKey]:
        """Keys of a project, or of all."""
        ...


class CatalogueStore(Protocol):
    """Knowledge bases and documents."""

    async def add_knowledge_base(self, tx: Transaction, entry: KnowledgeBase) -> None:
        """Add it, linked to its project."""
        ...

    async def knowledge_bases(
        self, tx: Transaction, project_id: str, ids: Sequence[str]
    ) -> dict[str, KnowledgeBase]:
        """Those that exist, of any project; `linked` is about `project_id`."""
        ...

    async def linked_ids(self, tx: Transaction, project_id: str) -> list[str]:
        """Live knowledge bases linked to the project, in order of linking."""
        ...

    async def usage(self, tx: Transaction, project_id: str) -> list[KnowledgeBase]:
        """Owned or linked ones, with documents and bytes."""
        ...

    async def link(self, tx: Transaction, project_id: str, identifier: str, at: int) -> None:
        """Link; harmless when linked."""
        ...

    async def unlink(self, tx: Transaction, project_id: str | None, identifier: str) -> None:
        """Unlink from one project, or from all."""
        ...

    async def lock_knowledge_base(self, tx: Transaction, identifier: str) -> None:
        """Hold it until the transaction ends: its links are counted under it."""
        ...

    async def links(self, tx: Transaction, identifier: str) -> int:
        """How many projects link it."""
        ...

    async def mark_unlinked(self, tx: Transaction, at: int) -> int:
        """Note the time at those that nobody links; how many were new."""
        ...

    async def unlinked_before(
        self, tx: Transaction, before: int, limit: int
    ) -> list[KnowledgeBase]:
        """Live ones that nobody has linked since then, of any project, the longest first."""
        ...

    async def message_file_bytes(self, tx: Transaction, project_id: str) -> int:
        """Bytes of the files in the project's messages that count against its plan."""
        ...

    async def delete_knowledge_base(self, tx: Transaction, identifier: str, at: int) -> None:
        """Tombstone."""
        ...

    async def add_document(self, tx: Transaction, document: Document) -> None:
        """Add."""
        ...

    async def save_document(self, tx: Transaction, document: Document) -> None:
        """Write all columns."""
        ...

    async def document(
        self, tx: Transaction, identifier: str, *, locked: bool = False
    ) -> Document | None:
        """By id, deleted ones too."""
        ...

    async def documents(
        self, tx: Transaction, project_id: str, ids: Sequence[str]
    ) -> dict[str, Document]:
        """By id, deleted ones too; another project's are left out."""
        ...

    async def page(
        self, tx: Transaction, place: Place, kind: str | None, page: int, size: int
    ) -> tuple[list[Document], int]:
        """Newest first, and how many in all."""
        ...

    async def same_content(self, tx: Transaction, draft: Document) -> Document | None:
        """A live document of the draft's project, place and type with its bytes; without a hash,
        a failed one of its URL.
        """
        ...

    async def twins(self, tx: Transaction, document: Document) -> list[Document]:
        """Live documents of its place and type with its bytes that did not fail, oldest first."""
        ...

    async def mark_copies(
        self, tx: Transaction, ids: Sequence[str], *, original: str, at: int
    ) -> None:
        """Tombstones that lead to the original."""
        ...

    async def copy_named(self, tx: Transaction, original: str, name: str) -> Document | None:
        """The document's copy of that name."""
        ...

    async def forget_copies(self, tx: Transaction, ids: Sequence[str]) -> None:
        """Copies that lead to no original any more."""
        ...

    async def live_documents(self, tx: Transaction, place: Place) -> list[Document]:
        """All live ones."""
        ...

    async def delete_documents(self, tx: Transaction, ids: Sequence[str], at: int) -> None:
        """Tombstones."""
        ...

    async def staged_paths(self, tx: Transaction) -> set[str]:
        """Staging blobs that a document still waits for."""
        ...


class PlaceStore(Protocol):
    """The order of writes: what came after what, whatever the clocks of several gateways say."""

    async def draw(
        self, tx: Transaction, project_id: str, owners: Sequence[Owner], *, now: int
    ) -> int:
        """A place after all that were drawn for any of these owners, held against others until the
        transaction ends. It is `now` (epoch ms) where that is one, so that places compare with
        times that callers give.
        """
        ...


class ScopeStore(Protocol):
    """What a search may see, in one question."""

    async def visible(
        self,
        tx: Transaction,
        project_id: str,
        knowledgebase_ids: Sequence[str] | None,
        files: str = "",
    ) -> Visible:
        """Of these knowledge bases, or (None) of all that are linked. files: where the subject's
        own files lie.
        """
        ...


class ConversationStore(Protocol):
    """Messages and feedback."""

    async def add_messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: str,
        conversation_id: str,
        *,
        messages: Sequence[Message],
        now: int,
    ) -> None:
        """Append; one whose id is there takes that one's place with its new words."""
        ...

    async def last_messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: str,
        conversation_id: str,
        *,
        roles: Sequence[str],
        limit: int,
    ) -> list[tuple[Message, int]]:
        """The newest `limit`, oldest first, each with its time of arrival."""
        ...

    async def messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: str,
        keys: Sequence[tuple[str, str]],
    ) -> dict[tuple[str, str], Message]:
        """Those that are there, by conversation and id."""
        ...

    async def knows(self, tx: Transaction, project_id: str, owner: str, user_id: str) -> bool:
        """Whether this owner ever said something."""
        ...

    async def forget(self, tx: Transaction, project_id: str, owner: str) -> int:
        """Delete the owner's messages, and a user's feedback on its own memories; how many
        messages.
        """
        ...

    async def add_feedback(self, tx: Transaction, feedback: Feedback) -> None:
        """Add."""
        ...


class TaskStore(Protocol):
    """Tasks, removals, and the correction log."""

    async def add_task(self, tx: Transaction, task: Task, parts: Sequence[str]) -> None:
        """Add, with its parts, all in the task's status."""
        ...

    async def parts(self, tx: Transaction, project_id: str, task_id: str) -> list[Task]:
        """Its parts; empty for an unknown task."""
        ...

    async def tasks_with(
        self, tx: Transaction, project_id: str, *, part_id: str = "", document_id: str = ""
    ) -> list[str]:
        """Ids of the tasks that have this part, or a part that stands for this document."""
        ...

    async def part(self, tx: Transaction, project_id: str, part_id: str) -> Task | None:
        """One part, held until the transaction ends."""
        ...

    async def save_part(self, tx: Transaction, part: Task, now: int) -> None:
        """Write it."""
        ...

    async def add_removal(self, tx: Transaction, removal: Removal) -> None:
        """Add."""
        ...

    async def confirm_removal(
        self, tx: Transaction, project_id: str, task_id: str, at: int
    ) -> None:
        """The purge is done."""
        ...

    async def open_removals(self, tx: Transaction, project_id: str) -> list[RemovedOwner]:
        """Users and agents whose purge is not confirmed."""
        ...

    async def log_correction(
        self,
        tx: Transaction,
        project_id: str,
        *,
        knowledgebase_id: str,
        feedback_id: str,
        decision: dict[str, Any],
        now: int,
    ) -> None:
        """Add a line; harmless when it is there."""
        ...

    async def corrections(
        self, tx: Transaction, project_id: str, knowledgebase_id: str, page: int, size: int
    ) -> tuple[list[CorrectionEntry], int]:
        """Newest first, and how many in all."""
        ...

    async def correction(
        self, tx: Transaction, project_id: str, identifier: str
    ) -> CorrectionEntry | None:
        """By id."""
        ...

    async def forget_corrections(
        self, tx: Transaction, project_id: str, knowledgebase_id: str
    ) -> int:
        """Delete a knowledge base's log, and the feedback on it alone; how many lines."""
        ...

    async def set_correction(
        self, tx: Transaction, identifier: str, *, active: bool, now: int
    ) -> None:
        """Undone or redone."""
        ...


class RepeatStore(Protocol):
    """Remembered answers."""

    async def find(self, tx: Transaction, fingerprint: str) -> Remembered | None:
        """By fingerprint."""
        ...

    async def claim(self, tx: Transaction, entry: Remembered, *, instead_of: str) -> bool:
        """Let this holder run it; False where another than `instead_of` holds it."""
        ...

    async def finish(
        self,
        tx: Transaction,
        fingerprint: str,
        holder: str,
        *,
        answer: Any,
        subjects: Sequence[str],
        expires_at: int,
    ) -> None:
        """Keep the answer."""
        ...

    async def release(self, tx: Transaction, fingerprint: str, holder: str) -> None:
        """Forget a claim without an answer."""
        ...

    async def mark(
        self, tx: Transaction, subjects: Sequence[str], fingerprint: str, now: int
    ) -> None:
        """Say that this write touched them last."""
        ...

    async def is_last(self, tx: Transaction, subjects: Sequence[str], fingerprint: str) -> bool:
        """Whether no other write touched one of them since."""
        ...

    async def prune(self, tx: Transaction, now: int, marks_before: int) -> None:
        """Drop what is over."""
        ...
