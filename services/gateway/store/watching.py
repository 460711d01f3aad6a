"""Statements of the watchdog, beside those of the catalogue."""

from collections.abc import Sequence

from sqlalchemy import select

from services.gateway.domain.model import Document
from services.gateway.store.catalogue import SqlCatalogueStore
from services.gateway.store.statements import upsert
from services.gateway.store.tables import DOCUMENTS, SENT_AGAIN
from services.kernel.ports.store import Transaction


class SqlWatchStore(SqlCatalogueStore):
    """Implements `handlers.watchdog.WatchStore`."""

    async def still(self, tx: Transaction, before: int, limit: int) -> Sequence[str]:
        rows = await tx.all(
            select(DOCUMENTS.c.id)
            .where(
                DOCUMENTS.c.outcome == "running",
                DOCUMENTS.c.updated_at < before,
                DOCUMENTS.c.deleted_at.is_(None),
                DOCUMENTS.c.queued_turn.is_(None),
            )
            .order_by(DOCUMENTS.c.updated_at)
            .limit(limit)
        )
        return [row["id"] for row in rows]

    async def times_sent(self, tx: Transaction, document: Document) -> int:
        row = await tx.first(
            select(SENT_AGAIN.c.times).where(
                SENT_AGAIN.c.document_id == document.id,
                SENT_AGAIN.c.revision == document.state.revision,
            )
        )
        return 0 if row is None else int(row["times"])

    async def count_sent(self, tx: Transaction, document: Document) -> None:
        await tx.execute(
            upsert(tx, SENT_AGAIN)
            .values(document_id=document.id, revision=document.state.revision, times=1)
            .on_conflict_do_update(
                index_elements=[SENT_AGAIN.c.document_id, SENT_AGAIN.c.revision],
                set_={"times": SENT_AGAIN.c.times + 1},
            )
        )
