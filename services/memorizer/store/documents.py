"""Statements over documents, their batches, and the tombstones of owners; they never commit."""

from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from services.kernel.contracts.events import DocumentIdentity, DocumentRemoved, OwnerRemoved
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.store import Transaction
from services.memorizer.handlers.ports import BatchCount
from services.memorizer.store.tables import BATCHES, DOCUMENTS, OWNER_TOMBSTONES


def insert(tx: Transaction, table: Any) -> Any:
    """An insert of this database, which knows what to do on a conflict."""
    return postgresql.insert(table) if tx.dialect == "postgresql" else sqlite.insert(table)


def covered(table: Any, gone: RemovedOwner) -> ColumnElement[bool]:
    """Rows that a removal covers; as `RemovedOwner.covers`, in SQL."""
    if gone.sequence:
        return and_(table.c.sequence <= gone.sequence)
    return and_(table.c.sequence == 0, table.c.created_at <= gone.removed_at)


class SqlDocuments:
    """The part of `handlers.ports.RecordStore` that concerns documents and owners."""

    async def is_document_gone(self, tx: Transaction, event: DocumentIdentity) -> bool:
        row = await tx.first(
            select(DOCUMENTS.c.revision, DOCUMENTS.c.removed_at).where(
                DOCUMENTS.c.document_id == event.document_id
            )
        )
        if row is not None and (row["removed_at"] is not None or row["revision"] > event.revision):
            return True
        base = Owner(type=OwnerType.KNOWLEDGE_BASE, id=event.knowledgebase_id)
        return await self._tombstone(tx, event.project_id, base) is not None

    async def is_owner_gone(
        self, tx: Transaction, project_id: str, owner: Owner, *, created_at: int, sequence: int
    ) -> bool:
        gone = await self._tombstone(tx, project_id, owner)
        if gone is None:
            return False
        # A knowledge base never comes back; a user may begin anew.
        return owner.type is OwnerType.KNOWLEDGE_BASE or gone.covers(
            sequence=sequence, created_at=created_at
        )

    async def see_revision(self, tx: Transaction, event: DocumentIdentity) -> None:
        statement = insert(tx, DOCUMENTS).values(
            document_id=event.document_id,
            project_id=event.project_id,
            knowledgebase_id=event.knowledgebase_id,
            revision=event.revision,
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[DOCUMENTS.c.document_id],
                set_={"revision": statement.excluded.revision},
                where=DOCUMENTS.c.revision < statement.excluded.revision,
            )
        )

    async def bury_document(self, tx: Transaction, event: DocumentRemoved) -> None:
        statement = insert(tx, DOCUMENTS).values(
            document_id=event.document_id,
            project_id=event.project_id,
            knowledgebase_id=event.knowledgebase_id,
            revision=event.revision,
            removed_at=event.removed_at,
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[DOCUMENTS.c.document_id],
                set_={"removed_at": statement.excluded.removed_at},
            )
        )
        await tx.execute(delete(BATCHES).where(BATCHES.c.document_id == event.document_id))

    async def bury_owner(self, tx: Transaction, event: OwnerRemoved) -> None:
        statement = insert(tx, OWNER_TOMBSTONES).values(
            project_id=event.project_id,
            owner_key=event.owner.key,
            removed_at=event.removed_at,
            sequence=event.sequence,
        )
        new, old = statement.excluded, OWNER_TOMBSTONES.c
        later = or_(
            new.sequence > old.sequence,
            and_(new.sequence == 0, old.sequence == 0, new.removed_at > old.removed_at),
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[old.project_id, old.owner_key],
                set_={"removed_at": new.removed_at, "sequence": new.sequence},
                where=later,
            )
        )

    async def finish_batch(
        self, tx: Transaction, event: DocumentIdentity, batch: int, passages: int, memories: int
    ) -> BatchCount:
        await tx.execute(
            insert(tx, BATCHES)
            .values(
                document_id=event.document_id,
                revision=event.revision,
                batch=batch,
                passages=passages,
                memories=memories,
            )
            .on_conflict_do_nothing()
        )
        if tx.dialect == "postgresql":
            # The counts of two batches that end at once must see each other.
            await tx.all(
                select(DOCUMENTS.c.document_id)
                .where(DOCUMENTS.c.document_id == event.document_id)
                .with_for_update()
            )
        return await self.batches_done(tx, event)

    async def batches_done(self, tx: Transaction, event: DocumentIdentity) -> BatchCount:
        row = await tx.first(
            select(
                func.count().label("done"),
                func.coalesce(func.sum(BATCHES.c.passages), 0).label("passages"),
                func.coalesce(func.sum(BATCHES.c.memories), 0).label("memories"),
            ).where(
                BATCHES.c.document_id == event.document_id,
                BATCHES.c.revision == event.revision,
            )
        )
        assert row is not None  # noqa: S101 - an aggregate always has one row
        return BatchCount(int(row["done"]), int(row["passages"]), int(row["memories"]))

    async def _tombstone(
        self, tx: Transaction, project_id: str, owner: Owner
    ) -> RemovedOwner | None:
        row = await tx.first(
            select(OWNER_TOMBSTONES.c.removed_at, OWNER_TOMBSTONES.c.sequence).where(
                tuple_(OWNER_TOMBSTONES.c.project_id, OWNER_TOMBSTONES.c.owner_key).in_(
                    [(project_id, owner.key)]
                )
            )
        )
        if row is None:
            return None
        return RemovedOwner(owner=owner, removed_at=row["removed_at"], sequence=row["sequence"])
