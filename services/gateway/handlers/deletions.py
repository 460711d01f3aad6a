"""Receipts of deletions: given with the answer, kept until every store has confirmed."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import uuid4

from services.gateway.domain.cursors import decode_cursor, page_of
from services.gateway.domain.deletions import (
    DOCUMENT_HOLDERS,
    PERSON_HOLDERS,
    Deletion,
    DeletionKind,
    deletion_detail,
)
from services.gateway.domain.model import Document
from services.gateway.handlers.calls import Call
from services.kernel.contracts.errors import NotFound
from services.kernel.contracts.events import (
    DeletionProgressed,
    Envelope,
    Event,
    document_subject,
    owner_subject,
)
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.dispatch import Outcome


class DeletionStore(Protocol):
    """Receipts and their parts."""

    async def add(
        self, tx: Transaction, deletion: Deletion, parts: Mapping[str, Sequence[str]]
    ) -> None:
        """Add one; parts: by subject, the services that have to confirm."""
        ...

    async def one(
        self, tx: Transaction, project_id: str, identifier: str, *, locked: bool = False
    ) -> Deletion | None:
        """By id."""
        ...

    async def newest(self, tx: Transaction, project_id: str, subject: str) -> str:
        """Id of the newest receipt that has this subject; "" where none has."""
        ...

    async def confirm(self, tx: Transaction, identifier: str, subject: str, service: str) -> bool:
        """Note a service's confirmation; False where it was noted before."""
        ...

    async def save(self, tx: Transaction, deletion: Deletion) -> None:
        """Write counts and times."""
        ...

    async def page(
        self, tx: Transaction, project_id: str, *, before: int | None, limit: int
    ) -> list[Deletion]:
        """Newest first, below a position."""
        ...


class Deletions:
    """Use cases over receipts."""

    def __init__(self, *, database: Database, store: DeletionStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def open(
        self,
        tx: Transaction,
        call: Call,
        kind: DeletionKind,
        *,
        owner: Owner | None = None,
        documents: Sequence[Document] = (),
        counts: Mapping[str, int] | None = None,
    ) -> str:
        """Begin a receipt in the transaction that deletes, and return its id. counts: what the
        gateway itself deleted. With nothing left to confirm it is done at once.
        """
        parts: dict[str, Sequence[str]] = {
            document_subject(document.id): DOCUMENT_HOLDERS for document in documents
        }
        if owner is not None:
            whole = owner.type is OwnerType.KNOWLEDGE_BASE
            parts[owner_subject(owner)] = DOCUMENT_HOLDERS if whole else PERSON_HOLDERS
        waiting = sum(len(services) for services in parts.values())
        now = self._clock.now_ms()
        alone = documents[0].id if len(documents) == 1 else ""
        deletion = Deletion(
            id=str(uuid4()),
            project_id=call.project.id,
            kind=kind,
            subject_id=owner.id if owner is not None else alone,
            requested_at=now,
            waiting=waiting,
            completed_at=None if waiting else now,
            counts={"documents": len(documents), **(counts or {})},
        )
        await self._store.add(tx, deletion, parts)
        return deletion.id

    async def one(self, call: Call, identifier: str) -> dict[str, Any]:
        """A receipt of the project; NotFound."""
        async with self._database.read() as tx:
            found = await self._store.one(tx, call.project.id, identifier)
        if found is None:
            raise NotFound(f"there is no deletion {identifier!r}")
        return deletion_detail(found)

    async def page(self, call: Call, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """The project's receipts, newest first."""
        key = decode_cursor(cursor, int)
        before = None if key is None else int(key[0])
        async with self._database.read() as tx:
            found = await self._store.page(tx, call.project.id, before=before, limit=limit + 1)
        page = page_of(found, limit, lambda deletion: (deletion.position,))
        return page.shown("deletions", deletion_detail)

    async def on_progressed(self, event: Event, _: Envelope) -> Outcome:
        """Add what a service tells; what nobody asked for is left alone."""
        assert isinstance(event, DeletionProgressed)  # noqa: S101 - the table routes by type
        told = event

        async def apply(tx: Transaction) -> Sequence[Event]:
            identifier = told.deletion_id or await self._store.newest(
                tx, told.project_id, told.subject
            )
            deletion = await self._store.one(tx, told.project_id, identifier, locked=True)
            if deletion is None:
                return ()
            confirmed = told.done and await self._store.confirm(
                tx, identifier, told.subject, told.service
            )
            if confirmed or not told.done:
                now = self._clock.now_ms()
                await self._store.save(tx, deletion.plus(told.counts, confirmed=confirmed, now=now))
            return ()

        return Outcome(apply=apply)
