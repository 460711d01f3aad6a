"""Statements over the parser's tables; they never commit."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from services.kernel.contracts.events import DocumentIdentity, DocumentRemoved, OwnerRemoved
from services.kernel.ports.store import Transaction
from services.parser.store.tables import DOCUMENTS, OWNER_TOMBSTONES


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
        buried = await tx.first(
            select(OWNER_TOMBSTONES.c.removed_at).where(
                OWNER_TOMBSTONES.c.project_id == event.project_id,
                OWNER_TOMBSTONES.c.knowledgebase_id == event.knowledgebase_id,
            )
        )
        return buried is not None

    async def latest(self, tx: Transaction, event: DocumentIdentity) -> int:
        row = await tx.first(
            select(DOCUMENTS.c.revision).where(DOCUMENTS.c.document_id == event.document_id)
        )
        return int(row["revision"]) if row is not None else 0

    async def record(
        self, tx: Transaction, event: DocumentIdentity, *, characters: int, milliseconds: int
    ) -> None:
        statement = _insert(tx, DOCUMENTS).values(
            document_id=event.document_id,
            project_id=event.project_id,
            knowledgebase_id=event.knowledgebase_id,
            revision=event.revision,
            characters=characters,
            milliseconds=milliseconds,
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[DOCUMENTS.c.document_id],
                set_={
                    "revision": statement.excluded.revision,
                    "characters": statement.excluded.characters,
                    "milliseconds": statement.excluded.milliseconds,
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
