"""Statements by which other stores are compared with the gateway's; they never commit."""

from sqlalchemy import or_, select

from services.gateway.domain.model import CorrectionEntry, Document, Removal
from services.gateway.store.catalogue import document_of
from services.gateway.store.tables import (
    CORRECTIONS,
    DELETION_PARTS,
    DELETIONS,
    DOCUMENTS,
    FEEDBACKS,
    REMOVALS,
)
from services.gateway.store.tasks import SqlTaskStore
from services.kernel.ports.store import Transaction


class SqlAuditOfStores(SqlTaskStore):
    """What the gateway knows of documents, removals and corrections, of all projects."""

    async def documents(
        self, tx: Transaction, after: int, limit: int
    ) -> list[tuple[int, Document]]:
        """All, deleted ones too, in order of their position."""
        rows = await tx.all(
            select(DOCUMENTS)
            .where(DOCUMENTS.c.position > after)
            .order_by(DOCUMENTS.c.position)
            .limit(limit)
        )
        return [(int(row["position"]), document_of(row)) for row in rows]

    async def waiting_documents(self, tx: Transaction, before: int) -> list[Document]:
        """Deleted before then, and not confirmed by all who hold something of them."""
        parts = (
            select(DELETION_PARTS.c.subject)
            .join(DELETIONS, DELETIONS.c.id == DELETION_PARTS.c.deletion_id)
            .where(
                DELETION_PARTS.c.subject == "document:" + DOCUMENTS.c.id,
                DELETION_PARTS.c.services != "",
            )
        )
        rows = await tx.all(
            select(DOCUMENTS).where(
                DOCUMENTS.c.deleted_at < before,
                or_(DOCUMENTS.c.purged_at.is_(None), parts.exists()),
            )
        )
        return [document_of(row) for row in rows]

    async def waiting_removals(self, tx: Transaction, before: int) -> list[Removal]:
        """Owners removed before then, and not confirmed."""
        rows = await tx.all(
            select(REMOVALS).where(
                REMOVALS.c.confirmed_at.is_(None), REMOVALS.c.removed_at < before
            )
        )
        return [
            Removal(
                task_id=row["task_id"],
                project_id=row["project_id"],
                owner_type=row["owner_type"],
                owner_id=row["owner_id"],
                removed_at=row["removed_at"],
                sequence=row["sequence"],
            )
            for row in rows
        ]

    async def deletion_of(self, tx: Transaction, project_id: str, subject: str) -> str:
        """Id of the newest receipt of a subject; "" where there is none."""
        row = await tx.first(
            select(DELETIONS.c.id)
            .join(DELETION_PARTS, DELETION_PARTS.c.deletion_id == DELETIONS.c.id)
            .where(DELETION_PARTS.c.subject == subject, DELETIONS.c.project_id == project_id)
            .order_by(DELETIONS.c.position.desc())
            .limit(1)
        )
        return "" if row is None else str(row["id"])

    async def logged(self, tx: Transaction) -> list[CorrectionEntry]:
        """Every line of the correction log, oldest first."""
        rows = await tx.all(
            select(CORRECTIONS.c.project_id, CORRECTIONS.c.id)
            .join(FEEDBACKS, FEEDBACKS.c.id == CORRECTIONS.c.feedback_id)
            .order_by(CORRECTIONS.c.position)
        )
        found = []
        for row in rows:
            entry = await self.correction(tx, row["project_id"], row["id"])
            if entry is not None:
                found.append(entry)
        return found
