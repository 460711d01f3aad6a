"""What a search may see, read by one statement: it runs before every search."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Integer, cast, func, literal, or_, select, union_all

from services.gateway.domain.model import Visible
from services.gateway.store.tables import DOCUMENTS, KNOWLEDGE_BASES, LINKS, REMOVALS
from services.kernel.contracts.records import Owner
from services.kernel.ports.store import Transaction


class SqlScopeStore:
    """Implements `handlers.ports.ScopeStore`."""

    async def visible(
        self,
        tx: Transaction,
        project_id: str,
        knowledgebase_ids: Sequence[str] | None,
        subject: Owner,
        files: str = "",
    ) -> Visible:
        ours = (LINKS.c.knowledgebase_id == KNOWLEDGE_BASES.c.id) & (
            LINKS.c.project_id == project_id
        )
        bases = (
            select(
                literal("base").label("what"),
                KNOWLEDGE_BASES.c.id.label("id"),
                cast(LINKS.c.linked_at, BigInteger).label("number"),
            )
            .select_from(KNOWLEDGE_BASES.outerjoin(LINKS, ours))
            .where(KNOWLEDGE_BASES.c.deleted_at.is_(None))
        )
        waiting = (DOCUMENTS.c.purged_at.is_(None), DOCUMENTS.c.deleted_at.is_not(None))
        hidden = select(literal("document"), DOCUMENTS.c.id, cast(literal(0), Integer)).where(
            *waiting
        )
        lent = (
            select(LINKS.c.knowledgebase_id)
            .join(KNOWLEDGE_BASES, KNOWLEDGE_BASES.c.id == LINKS.c.knowledgebase_id)
            .where(LINKS.c.project_id == project_id, KNOWLEDGE_BASES.c.project_id != project_id)
        )
        lenders = (
            select(literal("lender"), KNOWLEDGE_BASES.c.project_id, cast(literal(0), Integer))
            .where(KNOWLEDGE_BASES.c.id.in_(lent), KNOWLEDGE_BASES.c.deleted_at.is_(None))
            .distinct()
        )
        if knowledgebase_ids is None:
            bases = bases.where(LINKS.c.linked_at.is_not(None))
            hidden = hidden.where(
                or_(DOCUMENTS.c.project_id == project_id, DOCUMENTS.c.knowledgebase_id.in_(lent))
            )
        else:
            lenders = lenders.where(KNOWLEDGE_BASES.c.id.in_(knowledgebase_ids))
            bases = bases.where(KNOWLEDGE_BASES.c.id.in_(knowledgebase_ids))
            places = [*knowledgebase_ids, files]
            hidden = hidden.where(DOCUMENTS.c.knowledgebase_id.in_(places))
        # One row whether there are any or not: a null says none.
        own = select(literal("file"), func.min(DOCUMENTS.c.id), cast(literal(0), Integer)).where(
            DOCUMENTS.c.knowledgebase_id == files, DOCUMENTS.c.deleted_at.is_(None)
        )
        gone = select(literal("removal"), REMOVALS.c.owner_id, REMOVALS.c.removed_at).where(
            REMOVALS.c.project_id == project_id,
            REMOVALS.c.confirmed_at.is_(None),
            REMOVALS.c.owner_type == subject.type.value,
            REMOVALS.c.owner_id == subject.id,
        )
        rows = await tx.all(union_all(bases, hidden, gone, own, lenders))
        linked = sorted(
            (row["number"] is None, row["number"] or 0, row["id"])
            for row in rows
            if row["what"] == "base"
        )
        return Visible(
            linked={identifier: not unlinked for unlinked, _, identifier in linked},
            hidden=tuple(sorted(row["id"] for row in rows if row["what"] == "document")),
            files=any(row["what"] == "file" and row["id"] for row in rows),
            lenders=tuple(sorted(row["id"] for row in rows if row["what"] == "lender")),
            removed_at=tuple(row["number"] for row in rows if row["what"] == "removal"),
        )
