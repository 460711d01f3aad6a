"""Statements over the memorizer's tables; they never commit."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import ColumnElement

from services.kernel.contracts.events import DocumentIdentity, DocumentRemoved, OwnerRemoved
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.kernel.ports.store import Transaction
from services.memorizer.domain.deletion import redacted
from services.memorizer.handlers.ports import BatchCount
from services.memorizer.store.tables import (
    BATCHES,
    DOCUMENTS,
    OWNER_TOMBSTONES,
    RECORDS,
)

_CHUNK = 500


def _row(record: MemoryRecord) -> dict[str, Any]:
    anchor = record.anchor
    return {
        "owner_key": record.owner.key,
        "id": str(record.id),
        "project_id": record.project_id,
        "kind": record.kind.value,
        "status": record.status.value,
        "document_id": anchor.document_id if anchor else "",
        "revision": record.revision,
        "anchor_revision": anchor.revision if anchor else 0,
        "ordinal": record.ordinal,
        "created_at": record.created_at,
        "indexed": False,
        "body": record.model_dump_json(),
    }


def _records(rows: Iterable[Any]) -> list[MemoryRecord]:
    return [MemoryRecord.model_validate_json(row["body"]) for row in rows]


def _insert(tx: Transaction, table: Any) -> Any:
    return postgresql.insert(table) if tx.dialect == "postgresql" else sqlite.insert(table)


def _kinds(kinds: Sequence[Kind]) -> ColumnElement[bool]:
    return RECORDS.c.kind.in_([kind.value for kind in kinds])


class SqlRecordStore:
    """Implements `handlers.ports.RecordStore`."""

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
        self, tx: Transaction, project_id: str, owner: Owner, created_at: int
    ) -> bool:
        removed_at = await self._tombstone(tx, project_id, owner)
        return removed_at is not None and created_at <= removed_at

    async def see_revision(self, tx: Transaction, event: DocumentIdentity) -> None:
        statement = _insert(tx, DOCUMENTS).values(
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
        await tx.execute(delete(BATCHES).where(BATCHES.c.document_id == event.document_id))

    async def bury_owner(self, tx: Transaction, event: OwnerRemoved) -> None:
        statement = _insert(tx, OWNER_TOMBSTONES).values(
            project_id=event.project_id,
            owner_key=event.owner.key,
            removed_at=event.removed_at,
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[OWNER_TOMBSTONES.c.project_id, OWNER_TOMBSTONES.c.owner_key],
                set_={"removed_at": statement.excluded.removed_at},
                where=OWNER_TOMBSTONES.c.removed_at < statement.excluded.removed_at,
            )
        )

    async def put(self, tx: Transaction, records: Sequence[MemoryRecord]) -> None:
        for start in range(0, len(records), _CHUNK):
            rows = [_row(record) for record in records[start : start + _CHUNK]]
            statement = _insert(tx, RECORDS)
            kept = {
                column.name: statement.excluded[column.name]
                for column in RECORDS.columns
                if column.name not in ("owner_key", "id")
            }
            await tx.execute(
                statement.on_conflict_do_update(
                    index_elements=[RECORDS.c.owner_key, RECORDS.c.id],
                    set_=kept,
                    where=and_(
                        RECORDS.c.revision <= statement.excluded.revision,
                        # What was deleted by hand stays deleted.
                        RECORDS.c.status != Status.DELETED.value,
                    ),
                ),
                rows,
            )

    async def mark_indexed(self, tx: Transaction, records: Sequence[MemoryRecord]) -> None:
        by_revision: dict[int, list[str]] = {}
        for record in records:
            by_revision.setdefault(record.revision, []).append(str(record.id))
        for revision, ids in by_revision.items():
            for start in range(0, len(ids), _CHUNK):
                await tx.execute(
                    update(RECORDS)
                    .where(
                        RECORDS.c.id.in_(ids[start : start + _CHUNK]),
                        RECORDS.c.revision == revision,
                    )
                    .values(indexed=True)
                )

    async def pending(self, tx: Transaction, limit: int) -> list[MemoryRecord]:
        return _records(
            await tx.all(
                select(RECORDS.c.body)
                .where(RECORDS.c.indexed.is_(False))
                .order_by(RECORDS.c.created_at, RECORDS.c.id)
                .limit(limit)
            )
        )

    async def many(
        self, tx: Transaction, project_id: str, ids: Sequence[UUID]
    ) -> list[MemoryRecord]:
        found: list[MemoryRecord] = []
        for start in range(0, len(ids), _CHUNK):
            wanted = [str(identifier) for identifier in ids[start : start + _CHUNK]]
            found += _records(
                await tx.all(
                    select(RECORDS.c.body)
                    .where(
                        RECORDS.c.project_id == project_id,
                        RECORDS.c.id.in_(wanted),
                        RECORDS.c.status != Status.DELETED.value,
                    )
                    .order_by(RECORDS.c.id)
                )
            )
        return found

    async def of_owner(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
    ) -> list[MemoryRecord]:
        return _records(
            await tx.all(
                select(RECORDS.c.body)
                .where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.owner_key == owner.key,
                    _kinds(kinds),
                    RECORDS.c.status.in_([status.value for status in statuses]),
                )
                .order_by(RECORDS.c.created_at, RECORDS.c.id)
            )
        )

    async def page_of_owner(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        *,
        offset: int,
        limit: int,
    ) -> tuple[list[MemoryRecord], int]:
        where = and_(
            RECORDS.c.project_id == project_id,
            RECORDS.c.owner_key == owner.key,
            _kinds(kinds),
            RECORDS.c.status == Status.ACTIVATED.value,
        )
        total = await tx.first(
            select(func.count().label("total")).select_from(RECORDS).where(where)
        )
        rows = await tx.all(
            select(RECORDS.c.body)
            .where(where)
            .order_by(RECORDS.c.created_at.desc(), RECORDS.c.id)
            .offset(offset)
            .limit(limit)
        )
        return _records(rows), int(total["total"]) if total else 0

    async def of_document(
        self, tx: Transaction, project_id: str, document_id: str, kinds: Sequence[Kind]
    ) -> list[MemoryRecord]:
        return _records(
            await tx.all(
                select(RECORDS.c.body)
                .where(
                    RECORDS.c.document_id == document_id,
                    RECORDS.c.project_id == project_id,
                    _kinds(kinds),
                    RECORDS.c.status == Status.ACTIVATED.value,
                )
                .order_by(RECORDS.c.kind, RECORDS.c.ordinal, RECORDS.c.id)
            )
        )

    async def erase_document(
        self, tx: Transaction, project_id: str, document_id: str, *, below_revision: int | None
    ) -> list[UUID]:
        # A correction outlives the document that it corrects.
        where = [
            RECORDS.c.document_id == document_id,
            RECORDS.c.project_id == project_id,
            RECORDS.c.kind != Kind.CORRECTION.value,
        ]
        if below_revision is not None:
            where.append(RECORDS.c.anchor_revision < below_revision)
        rows = await tx.all(select(RECORDS.c.id).where(*where))
        await tx.execute(delete(RECORDS).where(*where))
        return [UUID(row["id"]) for row in rows]

    async def erase_owner(self, tx: Transaction, project_id: str, owner: Owner, until: int) -> int:
        return await tx.execute(
            delete(RECORDS).where(
                RECORDS.c.project_id == project_id,
                RECORDS.c.owner_key == owner.key,
                RECORDS.c.created_at <= until,
            )
        )

    async def erase(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> int:
        found = await self.many(tx, project_id, ids)
        for record in found:
            row = _row(redacted(record)) | {"indexed": True}
            await tx.execute(
                update(RECORDS)
                .where(RECORDS.c.owner_key == record.owner.key, RECORDS.c.id == str(record.id))
                .values(row)
            )
        return len(found)

    async def erased(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> set[UUID]:
        found: set[UUID] = set()
        for start in range(0, len(ids), _CHUNK):
            wanted = [str(identifier) for identifier in ids[start : start + _CHUNK]]
            rows = await tx.all(
                select(RECORDS.c.id).where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.id.in_(wanted),
                    RECORDS.c.status == Status.DELETED.value,
                )
            )
            found |= {UUID(row["id"]) for row in rows}
        return found

    async def finish_batch(
        self, tx: Transaction, event: DocumentIdentity, batch: int, passages: int, memories: int
    ) -> BatchCount:
        await tx.execute(
            _insert(tx, BATCHES)
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

    async def all_activated(
        self, tx: Transaction, after: tuple[str, str], limit: int
    ) -> list[MemoryRecord]:
        owner_key, identifier = after
        statement: Select[Any] = (
            select(RECORDS.c.body)
            .where(
                RECORDS.c.status == Status.ACTIVATED.value,
                or_(
                    RECORDS.c.owner_key > owner_key,
                    and_(RECORDS.c.owner_key == owner_key, RECORDS.c.id > identifier),
                ),
            )
            .order_by(RECORDS.c.owner_key, RECORDS.c.id)
            .limit(limit)
        )
        return _records(await tx.all(statement))

    async def _tombstone(self, tx: Transaction, project_id: str, owner: Owner) -> int | None:
        row = await tx.first(
            select(OWNER_TOMBSTONES.c.removed_at).where(
                tuple_(OWNER_TOMBSTONES.c.project_id, OWNER_TOMBSTONES.c.owner_key).in_(
                    [(project_id, owner.key)]
                )
            )
        )
        return int(row["removed_at"]) if row is not None else None
