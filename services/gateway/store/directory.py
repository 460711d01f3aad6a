"""Statements that list knowledge bases and documents by cursor; they never commit."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, case, func, or_, select, tuple_, update

from services.gateway.domain.model import Activity, Document, KnowledgeBase, Place
from services.gateway.store.catalogue import document_of, knowledge_base_of, linked_to
from services.gateway.store.tables import CORRECTIONS, DOCUMENTS, KNOWLEDGE_BASES
from services.kernel.ports.store import Transaction


class SqlDirectoryStore:
    """Implements `handlers.directory.DirectoryStore`."""

    async def page_of_bases(
        self, tx: Transaction, project_id: str, after: Sequence[Any] | None, limit: int
    ) -> list[KnowledgeBase]:
        linked = linked_to(project_id)
        statement = select(KNOWLEDGE_BASES, linked.label("linked")).where(
            KNOWLEDGE_BASES.c.deleted_at.is_(None),
            or_(KNOWLEDGE_BASES.c.project_id == project_id, linked),
        )
        key = (KNOWLEDGE_BASES.c.created_at, KNOWLEDGE_BASES.c.id)
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(*after))
        rows = await tx.all(statement.order_by(*key).limit(limit))
        return [knowledge_base_of(row) for row in rows]

    async def activity(self, tx: Transaction, ids: Sequence[str]) -> dict[str, Activity]:
        if not ids:
            return {}

        def counted(outcome: str) -> Any:
            return func.sum(case((DOCUMENTS.c.outcome == outcome, 1), else_=0)).label(outcome)

        rows = await tx.all(
            select(
                DOCUMENTS.c.knowledgebase_id.label("base"),
                func.count().label("documents"),
                counted("running"),
                counted("completed"),
                counted("failed"),
                func.sum(DOCUMENTS.c.reserved).label("bytes"),
                func.sum(func.coalesce(DOCUMENTS.c.passages, 0)).label("passages"),
                func.sum(func.coalesce(DOCUMENTS.c.memories, 0)).label("memories"),
                func.max(DOCUMENTS.c.updated_at).label("last_at"),
            )
            .where(DOCUMENTS.c.knowledgebase_id.in_(ids), DOCUMENTS.c.deleted_at.is_(None))
            .group_by(DOCUMENTS.c.knowledgebase_id)
        )
        corrected = await tx.all(
            select(
                CORRECTIONS.c.knowledgebase_id.label("base"),
                func.count().label("corrections"),
                func.max(CORRECTIONS.c.updated_at).label("last_at"),
            )
            .where(CORRECTIONS.c.knowledgebase_id.in_(ids))
            .group_by(CORRECTIONS.c.knowledgebase_id)
        )
        documents = {row["base"]: row for row in rows}
        corrections = {row["base"]: row for row in corrected}
        return {base: _activity(documents.get(base, {}), corrections.get(base, {})) for base in ids}

    async def describe(
        self, tx: Transaction, identifier: str, *, name: str, description: str, at: int
    ) -> None:
        await tx.execute(
            update(KNOWLEDGE_BASES)
            .where(KNOWLEDGE_BASES.c.id == identifier)
            .values(name=name, description=description, updated_at=at)
        )

    async def page_of_documents(
        self,
        tx: Transaction,
        place: Place,
        *,
        outcome: str | None,
        media_type: str | None,
        name: str | None,
        after: int | None,
        limit: int,
    ) -> list[tuple[int, Document]]:
        where = [DOCUMENTS.c.knowledgebase_id == place, DOCUMENTS.c.deleted_at.is_(None)]
        if outcome is not None:
            where.append(DOCUMENTS.c.outcome == outcome)
        if media_type is not None:
            where.append(DOCUMENTS.c.media_type == media_type)
        if name is not None:
            where.append(func.lower(DOCUMENTS.c.name).contains(name.lower(), autoescape=True))
        if after is not None:
            where.append(DOCUMENTS.c.position < after)
        rows = await tx.all(
            select(DOCUMENTS).where(and_(*where)).order_by(DOCUMENTS.c.position.desc()).limit(limit)
        )
        return [(row["position"], document_of(row)) for row in rows]


def _activity(documents: Mapping[Any, Any], corrections: Mapping[Any, Any]) -> Activity:
    def number(row: Mapping[Any, Any], name: str) -> int:
        return int(row.get(name) or 0)  # PostgreSQL sums to a decimal

    return Activity(
        documents=number(documents, "documents"),
        processing=number(documents, "running"),
        completed=number(documents, "completed"),
        failed=number(documents, "failed"),
        bytes=number(documents, "bytes"),
        passages=number(documents, "passages"),
        memories=number(documents, "memories"),
        corrections=number(corrections, "corrections"),
        last_at=max(number(documents, "last_at"), number(corrections, "last_at")),
    )
