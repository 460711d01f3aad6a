"""Statements over knowledge bases and documents; they never commit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from services.gateway.domain.model import Document, DocumentState, KnowledgeBase, Place
from services.gateway.store.statements import upsert
from services.gateway.store.tables import DOCUMENTS, KNOWLEDGE_BASES, LINKS, SHARES
from services.kernel.ports.store import Transaction

_STATE = tuple(DocumentState.__dataclass_fields__)


def document_of(row: Mapping[Any, Any]) -> Document:
    """Return the document in a row."""
    """The document in a row."""
    return Document(
        id=row["id"],
        project_id=row["project_id"],
        knowledgebase_id=row["knowledgebase_id"],
        name=row["name"],
        type=row["type"],
        url=row["url"],
        staged_path=row["staged_path"],
        reserved=row["reserved"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        state=DocumentState(**{name: row[name] for name in _STATE}),
        deleted_at=row["deleted_at"],
        purged_at=row["purged_at"],
        duplicate_of=row["duplicate_of"],
        queued_turn=row["queued_turn"],
        declared_type=row["declared_type"],
    )


def _row(document: Document) -> dict[str, Any]:
    row = asdict(document)
    state: dict[str, Any] = row.pop("state")
    return {**row, **state}


def knowledge_base_of(row: Mapping[Any, Any]) -> KnowledgeBase:
    """The knowledge base in a row that says whether it is `linked`."""
    return KnowledgeBase(
        id=row["id"],
        project_id=row["project_id"],
        name=row["name"],
        description=row["description"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        deleted_at=row["deleted_at"],
        linked=bool(row["linked"]),
        unlinked_at=row["unlinked_at"],
        documents=int(row.get("documents") or 0),
        bytes=int(row.get("bytes") or 0),  # PostgreSQL sums to a decimal
    )


def linked_to(project_id: str) -> ColumnElement[bool]:
    """Whether a knowledge base is linked to the project."""
    return exists().where(
        LINKS.c.knowledgebase_id == KNOWLEDGE_BASES.c.id, LINKS.c.project_id == project_id
    )


class SqlCatalogueStore:
    """Implements `handlers.ports.CatalogueStore`."""

    async def add_knowledge_base(self, tx: Transaction, entry: KnowledgeBase) -> None:
        await tx.execute(
            upsert(tx, KNOWLEDGE_BASES).values(
                id=entry.id,
                project_id=entry.project_id,
                name=entry.name,
                description=entry.description,
                created_at=entry.created_at,
                updated_at=entry.updated_at,
            )
        )
        await self.link(tx, entry.project_id, entry.id, entry.created_at)

    async def knowledge_bases(
        self, tx: Transaction, project_id: str, ids: Sequence[str]
    ) -> dict[str, KnowledgeBase]:
        rows = await tx.all(
            select(KNOWLEDGE_BASES, linked_to(project_id).label("linked")).where(
                KNOWLEDGE_BASES.c.id.in_(ids), KNOWLEDGE_BASES.c.deleted_at.is_(None)
            )
        )
        return {row["id"]: knowledge_base_of(row) for row in rows}

    async def linked_ids(self, tx: Transaction, project_id: str) -> list[str]:
        rows = await tx.all(
            select(LINKS.c.knowledgebase_id)
            .join(KNOWLEDGE_BASES, KNOWLEDGE_BASES.c.id == LINKS.c.knowledgebase_id)
            .where(LINKS.c.project_id == project_id, KNOWLEDGE_BASES.c.deleted_at.is_(None))
            .order_by(LINKS.c.linked_at, LINKS.c.knowledgebase_id)
        )
        return [row["knowledgebase_id"] for row in rows]

    async def usage(self, tx: Transaction, project_id: str) -> list[KnowledgeBase]:
        live = and_(
            DOCUMENTS.c.knowledgebase_id == KNOWLEDGE_BASES.c.id, DOCUMENTS.c.deleted_at.is_(None)
        )
        rows = await tx.all(
            select(
                KNOWLEDGE_BASES,
                linked_to(project_id).label("linked"),
                select(func.count()).where(live).scalar_subquery().label("documents"),
                select(func.coalesce(func.sum(DOCUMENTS.c.reserved), 0))
                .where(live)
                .scalar_subquery()
                .label("bytes"),
            )
            .where(
                KNOWLEDGE_BASES.c.deleted_at.is_(None),
                or_(KNOWLEDGE_BASES.c.project_id == project_id, linked_to(project_id)),
            )
            .order_by(KNOWLEDGE_BASES.c.created_at, KNOWLEDGE_BASES.c.id)
        )
        return [knowledge_base_of(row) for row in rows]

    async def link(self, tx: Transaction, project_id: str, identifier: str, at: int) -> None:
        await tx.execute(
            upsert(tx, LINKS)
            .values(project_id=project_id, knowledgebase_id=identifier, linked_at=at)
            .on_conflict_do_nothing()
        )
        await tx.execute(
            update(KNOWLEDGE_BASES)
            .where(KNOWLEDGE_BASES.c.id == identifier)
            .values(unlinked_at=None)
        )

    async def unlink(self, tx: Transaction, project_id: str | None, identifier: str) -> None:
        statement = delete(LINKS).where(LINKS.c.knowledgebase_id == identifier)
        if project_id is not None:
            statement = statement.where(LINKS.c.project_id == project_id)
        await tx.execute(statement)

    async def lock_knowledge_base(self, tx: Transaction, identifier: str) -> None:
        await tx.first(
            select(KNOWLEDGE_BASES.c.id).where(KNOWLEDGE_BASES.c.id == identifier).with_for_update()
        )

    async def links(self, tx: Transaction, identifier: str) -> int:
        row = await tx.first(
            select(func.count().label("number"))
            .select_from(LINKS)
            .where(LINKS.c.knowledgebase_id == identifier)
        )
        return 0 if row is None else int(row["number"])

    async def mark_unlinked(self, tx: Transaction, at: int) -> int:
        linked = exists().where(LINKS.c.knowledgebase_id == KNOWLEDGE_BASES.c.id)
        return await tx.execute(
            update(KNOWLEDGE_BASES)
            .where(
                KNOWLEDGE_BASES.c.deleted_at.is_(None),
                KNOWLEDGE_BASES.c.unlinked_at.is_(None),
                ~linked,
            )
            .values(unlinked_at=at)
        )

    async def unlinked_before(
        self, tx: Transaction, before: int, limit: int
    ) -> list[KnowledgeBase]:
        rows = await tx.all(
            select(KNOWLEDGE_BASES, literal(value=False).label("linked"))
            .where(KNOWLEDGE_BASES.c.deleted_at.is_(None), KNOWLEDGE_BASES.c.unlinked_at <= before)
            .order_by(KNOWLEDGE_BASES.c.unlinked_at)
            .limit(limit)
        )
        return [knowledge_base_of(row) for row in rows]

    async def message_file_bytes(self, tx: Transaction, project_id: str) -> int:
        # The files of messages lie where no knowledge base is.
        row = await tx.first(
            select(func.coalesce(func.sum(DOCUMENTS.c.reserved), 0).label("bytes"))
            .select_from(
                DOCUMENTS.outerjoin(
                    KNOWLEDGE_BASES, KNOWLEDGE_BASES.c.id == DOCUMENTS.c.knowledgebase_id
                )
            )
            .where(
                DOCUMENTS.c.project_id == project_id,
                DOCUMENTS.c.deleted_at.is_(None),
                KNOWLEDGE_BASES.c.id.is_(None),
            )
        )
        return 0 if row is None else int(row["bytes"])

    async def delete_knowledge_base(self, tx: Transaction, identifier: str, at: int) -> None:
        await tx.execute(
            update(KNOWLEDGE_BASES).where(KNOWLEDGE_BASES.c.id == identifier).values(deleted_at=at)
        )
        await tx.execute(delete(SHARES).where(SHARES.c.knowledgebase_id == identifier))

    async def add_document(self, tx: Transaction, document: Document) -> None:
        await tx.execute(upsert(tx, DOCUMENTS).values(**_row(document)))

    async def save_document(self, tx: Transaction, document: Document) -> None:
        row = _row(document)
        await tx.execute(update(DOCUMENTS).where(DOCUMENTS.c.id == row.pop("id")).values(**row))

    async def document(
        self, tx: Transaction, identifier: str, *, locked: bool = False
    ) -> Document | None:
        statement = select(DOCUMENTS).where(DOCUMENTS.c.id == identifier)
        row = await tx.first(statement.with_for_update() if locked else statement)
        return None if row is None else document_of(row)

    async def documents(
        self, tx: Transaction, project_id: str, ids: Sequence[str]
    ) -> dict[str, Document]:
        rows = await tx.all(
            select(DOCUMENTS).where(DOCUMENTS.c.project_id == project_id, DOCUMENTS.c.id.in_(ids))
        )
        return {row["id"]: document_of(row) for row in rows}

    async def page(
        self, tx: Transaction, place: Place, kind: str | None, page: int, size: int
    ) -> tuple[list[Document], int]:
        where = [
            DOCUMENTS.c.knowledgebase_id == place,
            DOCUMENTS.c.deleted_at.is_(None),
        ]
        if kind is not None:
            where.append(DOCUMENTS.c.type == kind)
        counted = await tx.first(
            select(func.count().label("total")).select_from(DOCUMENTS).where(*where)
        )
        rows = await tx.all(
            select(DOCUMENTS)
            .where(*where)
            .order_by(DOCUMENTS.c.position.desc())
            .limit(size)
            .offset((page - 1) * size)
        )
        return [document_of(row) for row in rows], 0 if counted is None else counted["total"]

    async def same_content(self, tx: Transaction, draft: Document) -> Document | None:
        same = (
            DOCUMENTS.c.sha256 == draft.state.sha256
            if draft.state.sha256
            else and_(DOCUMENTS.c.url == draft.url, DOCUMENTS.c.outcome == "failed")
        )
        row = await tx.first(
            select(DOCUMENTS)
            .where(
                DOCUMENTS.c.project_id == draft.project_id,
                DOCUMENTS.c.knowledgebase_id == draft.knowledgebase_id,
                DOCUMENTS.c.deleted_at.is_(None),
                DOCUMENTS.c.type == draft.type,
                same,
            )
            .order_by(DOCUMENTS.c.position)
        )
        return None if row is None else document_of(row)

    async def twins(self, tx: Transaction, document: Document) -> list[Document]:
        rows = await tx.all(
            select(DOCUMENTS)
            .where(
                DOCUMENTS.c.project_id == document.project_id,
                DOCUMENTS.c.knowledgebase_id == document.knowledgebase_id,
                DOCUMENTS.c.deleted_at.is_(None),
                DOCUMENTS.c.sha256 == document.state.sha256,
                DOCUMENTS.c.type == document.type,
                DOCUMENTS.c.outcome != "failed",
            )
            .order_by(DOCUMENTS.c.position)
        )
        return [document_of(row) for row in rows]

    async def mark_copies(
        self, tx: Transaction, ids: Sequence[str], *, original: str, at: int
    ) -> None:
        await tx.execute(
            update(DOCUMENTS)
            .where(DOCUMENTS.c.id.in_(ids), DOCUMENTS.c.deleted_at.is_(None))
            .values(deleted_at=at, updated_at=at, duplicate_of=original)
        )

    async def copy_named(self, tx: Transaction, original: str, name: str) -> Document | None:
        row = await tx.first(
            select(DOCUMENTS)
            .where(DOCUMENTS.c.duplicate_of == original, DOCUMENTS.c.name == name)
            .order_by(DOCUMENTS.c.position)
        )
        return None if row is None else document_of(row)

    async def forget_copies(self, tx: Transaction, ids: Sequence[str]) -> None:
        await tx.execute(update(DOCUMENTS).where(DOCUMENTS.c.id.in_(ids)).values(duplicate_of=""))

    async def live_documents(self, tx: Transaction, place: Place) -> list[Document]:
        rows = await tx.all(
            select(DOCUMENTS)
            .where(
                DOCUMENTS.c.knowledgebase_id == place,
                DOCUMENTS.c.deleted_at.is_(None),
            )
            .order_by(DOCUMENTS.c.position)
        )
        return [document_of(row) for row in rows]

    async def delete_documents(self, tx: Transaction, ids: Sequence[str], at: int) -> None:
        # One row a statement: a knowledge base may hold more ids than a statement may.
        await tx.execute(
            update(DOCUMENTS)
            .where(DOCUMENTS.c.id == bindparam("wanted"), DOCUMENTS.c.deleted_at.is_(None))
            .values(deleted_at=at, updated_at=at),
            [{"wanted": identifier} for identifier in ids],
        )

    async def staged_paths(self, tx: Transaction) -> set[str]:
        rows = await tx.all(
            select(DOCUMENTS.c.staged_path).where(
                DOCUMENTS.c.staged_path != "",
                DOCUMENTS.c.stage == "submitted",
                DOCUMENTS.c.outcome == "running",
                DOCUMENTS.c.deleted_at.is_(None),
            )
        )
        return {row["staged_path"] for row in rows}
