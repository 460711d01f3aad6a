"""What a search may see, read by one statement: it runs before every search."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, cast, func, literal, or_, select, union_all

from services.gateway.domain.model import Visible
from services.gateway.store.tables import DOCUMENTS, KNOWLEDGE_BASES, LINKS, REMOVALS
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.store import Transaction

_PERSONS = (OwnerType.USER, OwnerType.AGENT)


class SqlScopeStore:
    """Implements `handlers.ports.ScopeStore`."""

    async def visible(
        self,
        tx: Transaction,
        project_id: str,
        knowledgebase_ids: Sequence[str] | None,
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
                cast(literal(0), BigInteger).label("sequence"),
            )
            .select_from(KNOWLEDGE_BASES.outerjoin(LINKS, ours))
            .where(
                KNOWLEDGE_BASES.c.deleted_at.is_(None),
                # Another project's is as one that does not exist.
                or_(KNOWLEDGE_BASES.c.project_id == project_id, LINKS.c.linked_at.is_not(None)),
            )
        )
        nothing = cast(literal(0), BigInteger)
        waiting = (DOCUMENTS.c.purged_at.is_(None), DOCUMENTS.c.deleted_at.is_not(None))
        hidden = select(literal("document"), DOCUMENTS.c.id, nothing, nothing).where(*waiting)
        lent = (
            select(LINKS.c.knowledgebase_id)
            .join(KNOWLEDGE_BASES, KNOWLEDGE_BASES.c.id == LINKS.c.knowledgebase_id)
            .where(LINKS.c.project_id == project_id, KNOWLEDGE_BASES.c.project_id != project_id)
        )
        lenders = (
            select(literal("lender"), KNOWLEDGE_BASES.c.project_id, nothing, nothing)
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
        own = select(literal("file"), func.min(DOCUMENTS.c.id), nothing, nothing).where(
            DOCUMENTS.c.knowledgebase_id == files, DOCUMENTS.c.deleted_at.is_(None)
        )
        # Whoever asks: shared memories that were made of their messages are hidden from all.
        gone = [
            select(
                literal(kind.value), REMOVALS.c.owner_id, REMOVALS.c.removed_at, REMOVALS.c.sequence
            ).where(
                REMOVALS.c.project_id == project_id,
                REMOVALS.c.confirmed_at.is_(None),
                REMOVALS.c.owner_type == kind.value,
            )
            for kind in _PERSONS
        ]
        rows = await tx.all(union_all(bases, hidden, own, lenders, *gone))
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
            removed=tuple(
                RemovedOwner(
                    owner=Owner(type=OwnerType(row["what"]), id=row["id"]),
                    removed_at=row["number"],
                    sequence=row["sequence"],
                )
                for row in rows
                if row["what"] in _PERSONS
            ),
        )
