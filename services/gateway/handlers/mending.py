"""What the gateway can do where another store differs from its own: tell it again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from services.gateway.domain.model import CorrectionEntry, Document, DocumentState, Removal
from services.gateway.handlers.admission import submitted_event
from services.gateway.handlers.documents import removed_event
from services.gateway.handlers.ports import CatalogueStore, Outbox
from services.kernel.contracts.events import (
    CorrectionDecided,
    Decision,
    Event,
    OwnerRemoved,
    document_subject,
    owner_subject,
)
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

_PAGE = 500


class AuditStore(Protocol):
    """What the gateway knows, of all projects."""

    async def documents(
        self, tx: Transaction, after: int, limit: int
    ) -> list[tuple[int, Document]]:
        """All, deleted ones too, with their positions, in order."""
        ...

    async def waiting_documents(self, tx: Transaction, before: int) -> list[Document]:
        """Deleted before then, and not confirmed by all who hold something of them."""
        ...

    async def waiting_removals(self, tx: Transaction, before: int) -> list[Removal]:
        """Owners removed before then, and not confirmed."""
        ...

    async def deletion_of(self, tx: Transaction, project_id: str, subject: str) -> str:
        """Id of the newest receipt of a subject; "" where there is none."""
        ...

    async def logged(self, tx: Transaction) -> list[CorrectionEntry]:
        """Every line of the correction log, oldest first."""
        ...

    async def set_correction(
        self, tx: Transaction, identifier: str, *, active: bool, now: int
    ) -> None:
        """Undone or redone."""
        ...


class Mending:
    """Looks at the gateway's own tables, and sends again what another store lacks."""

    def __init__(
        self,
        *,
        database: Database,
        store: AuditStore,
        catalogue: CatalogueStore,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._catalogue = catalogue
        self._outbox = outbox
        self._clock = clock

    async def documents(self) -> list[Document]:
        """All documents, deleted ones too."""
        found: list[Document] = []
        after = 0
        while True:
            async with self._database.read() as tx:
                page = await self._store.documents(tx, after, _PAGE)
            if not page:
                return found
            found += [document for _, document in page]
            after = page[-1][0]

    async def unconfirmed(self, *, seconds: float) -> tuple[list[Document], list[Removal]]:
        """What was deleted so long ago and is not confirmed by every store."""
        before = self._clock.now_ms() - int(seconds * 1000) + 1
        async with self._database.read() as tx:
            return (
                await self._store.waiting_documents(tx, before),
                await self._store.waiting_removals(tx, before),
            )

    async def remove_again(
        self, documents: Sequence[Document], removals: Sequence[Removal]
    ) -> None:
        """Tell everybody once more that these were removed; repeating it is harmless."""
        async with self._database.write() as tx:
            events: list[Event] = []
            for document in documents:
                receipt = await self._store.deletion_of(
                    tx, document.project_id, document_subject(document.id)
                )
                events.append(removed_event(document, document.deleted_at or 0, receipt))
            for gone in removals:
                owner = Owner(type=OwnerType(gone.owner_type), id=gone.owner_id)
                subject = owner_subject(owner)
                events.append(
                    OwnerRemoved(
                        project_id=gone.project_id,
                        owner=owner,
                        removed_at=gone.removed_at,
                        task_id=gone.task_id,
                        sequence=gone.sequence,
                        deletion_id=await self._store.deletion_of(tx, gone.project_id, subject),
                    )
                )
            await self._outbox.add(tx, events)

    async def submit_again(self, identifiers: Sequence[str]) -> None:
        """Send documents through the pipeline once more, as a new attempt."""
        for identifier in identifiers:
            async with self._database.write() as tx:
                document = await self._catalogue.document(tx, identifier, locked=True)
                if document is None or document.deleted_at is not None:
                    continue
                state = DocumentState(
                    revision=document.state.revision,
                    attempt=document.state.attempt + 1,
                    size=document.state.size,
                    sha256=document.state.sha256,
                    media_type=document.state.media_type,
                )
                again = replace(document, state=state, updated_at=self._clock.now_ms())
                await self._catalogue.save_document(tx, again)
                await self._outbox.add(tx, [submitted_event(again)])

    async def log(self) -> list[CorrectionEntry]:
        """The correction logs of all knowledge bases."""
        async with self._database.read() as tx:
            return await self._store.logged(tx)

    async def switch(self, identifier: str, *, active: bool) -> None:
        """Let a line of the log say what the record says."""
        async with self._database.write() as tx:
            await self._store.set_correction(
                tx, identifier, active=active, now=self._clock.now_ms()
            )

    async def decide_again(self, entries: Sequence[CorrectionEntry]) -> None:
        """Tell the memorizer decisions of which it has no record."""
        events = [
            CorrectionDecided(
                project_id=entry.project_id,
                feedback_id=entry.feedback.id,
                task_id=entry.feedback.task_id,
                user_id=entry.feedback.user_id,
                conversation_id=entry.feedback.conversation_id,
                words=entry.feedback.content,
                feedback_time=entry.feedback.feedback_time,
                decisions=(Decision.model_validate(entry.decision),),
                order_key=f"{entry.project_id}/{entry.knowledgebase_id}",
            )
            for entry in entries
        ]
        async with self._database.write() as tx:
            await self._outbox.add(tx, events)
