"""Statements over ingest's tables; they never commit."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from services.ingest.store.tables import DOCUMENTS, OWNER_TOMBSTONES
from services.kernel.contracts.events import DocumentIdentity, DocumentRemoved, OwnerRemoved
from services.kernel.ports.blobs import BlobInfo
from services.kernel.ports.store import Transaction


def _insert(tx: Transaction, table: Any) -> Any:
    return postgresql.insert(table) if tx.dialect == "postgresql" else sqlite.insert(table)


class SqlDocumentStore:
    """Implements `handlers.DocumentStore`."""

    async def is_removed(self, tx: Transaction, event: DocumentIdentity) -> bool:
        row = await tx.first(
            select(DOCUMENTS.c.removed_at).where(DOCUMENTS.c.document_id == event.document_id)
        )
        if row is not None and row["removed_at"] is not None:
            return True
        return (
            await tx.first(
                select(OWNER_TOMBSTONES.c.removed_at).where(
                    OWNER_TOMBSTONES.c.project_id == event.project_id,
                    OWNER_TOMBSTONES.c.knowledgebase_id == event.knowledgebase_id,
                )
            )
            is not None
        )

    async def record(self, tx: Transaction, event: DocumentIdentity, stored: BlobInfo) -> None:
        statement = _insert(tx, DOCUMENTS).values(
            document_id=event.document_id,
            project_id=event.project_id,
            knowledgebase_id=event.knowledgebase_id,
            revision=event.revision,
            size=stored.size,
            sha256=stored.sha256,
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[DOCUMENTS.c.document_id],
                set_={
                    "revision": statement.excluded.revision,
                    "size": statement.excluded.size,
                    "sha256": statement.excluded.sha256,
                },
                where=DOCUMENTS.c.revision <= statement.excluded.revision,
            )
        )

    async def bury(self, tx: Transaction, event: DocumentRemoved) -> None:
        statement = _insert(tx, DOCUMENTS).values(
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

    async def bury_owner(self, tx: Transaction, event: OwnerRemoved) -> None:
        await tx.execute(
            _insert(tx, OWNER_TOMBSTONES)
            .values(
                project_id=event.project_id,
                knowledgebase_id=event.owner.id,
                removed_at=event.removed_at,
            )
            .on_conflict_do_nothing()
        )
