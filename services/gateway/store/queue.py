"""Statements of admission, beside those of the catalogue."""

from sqlalchemy import and_, case, func, or_, select

from services.gateway.domain.model import Document
from services.gateway.handlers.admission import InWork
from services.gateway.store.catalogue import SqlCatalogueStore, document_of
from services.gateway.store.tables import DOCUMENTS
from services.kernel.ports.store import Transaction


class SqlQueueStore(SqlCatalogueStore):
    """Implements `handlers.admission.QueueStore`."""

    async def in_work(self, tx: Transaction, project_id: str, *, deleted_after: int) -> InWork:
        fetched = and_(DOCUMENTS.c.url != "", DOCUMENTS.c.stage == "submitted")
        row = await tx.first(
            select(
                func.count().label("documents"),
                func.coalesce(func.sum(case((fetched, 1), else_=0)), 0).label("fetches"),
            )
            .select_from(DOCUMENTS)
            .where(
                DOCUMENTS.c.project_id == project_id,
                DOCUMENTS.c.outcome == "running",
                DOCUMENTS.c.queued_turn.is_(None),
                DOCUMENTS.c.purged_at.is_(None),
                or_(DOCUMENTS.c.deleted_at.is_(None), DOCUMENTS.c.deleted_at > deleted_after),
            )
        )
        return InWork(0, 0) if row is None else InWork(int(row["documents"]), int(row["fetches"]))

    async def queued(
        self, tx: Transaction, project_id: str, *, by_url: bool, limit: int
    ) -> list[Document]:
        rows = await tx.all(
            select(DOCUMENTS)
            .where(
                DOCUMENTS.c.project_id == project_id,
                DOCUMENTS.c.outcome == "running",
                DOCUMENTS.c.queued_turn.is_not(None),
                DOCUMENTS.c.deleted_at.is_(None),
                DOCUMENTS.c.url != "" if by_url else DOCUMENTS.c.url == "",
            )
            .order_by(DOCUMENTS.c.queued_turn, DOCUMENTS.c.position)
            .limit(limit)
        )
        return [document_of(row) for row in rows]

    async def queueing_projects(self, tx: Transaction) -> list[str]:
        rows = await tx.all(
            select(DOCUMENTS.c.project_id)
            .where(
                DOCUMENTS.c.outcome == "running",
                DOCUMENTS.c.queued_turn.is_not(None),
                DOCUMENTS.c.deleted_at.is_(None),
            )
            .distinct()
        )
        return [row["project_id"] for row in rows]
