"""Statements over the memorizer's tables; they never commit."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, func, literal, or_, select, text, union, update

from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.store import Transaction
from services.memorizer.domain.deletion import redacted
from services.memorizer.domain.related import ended_names, group_key
from services.memorizer.store.documents import SqlDocuments, covered, insert
from services.memorizer.store.lists import SqlRecordLists, of_kinds, records_of
from services.memorizer.store.tables import DOCUMENTS, OWNER_TOMBSTONES, RECORDS
from services.memorizer.store.talk import SqlTalk

_CHUNK = 500
_TALK = (Kind.MESSAGE, Kind.FACT, Kind.PREFERENCE, Kind.TOOL)


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
        "group_key": group_key(record),
        "conversation_id": record.conversation_id,
        "ends": bool(ended_names(record)),
        "sequence": record.sequence,
        "author": record.author,
    }


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


class SqlRecordStore(SqlDocuments, SqlRecordLists, SqlTalk):
    """Implements `handlers.ports.RecordStore`."""

    async def put(self, tx: Transaction, records: Sequence[MemoryRecord]) -> None:
        for start in range(0, len(records), _CHUNK):
            rows = [_row(record) for record in records[start : start + _CHUNK]]
            statement = insert(tx, RECORDS)
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

    async def mark_indexed(self, tx: Transaction, records: Sequence[MemoryRecord]) -> list[UUID]:
        by_revision: dict[int, list[str]] = {}
        for record in records:
            by_revision.setdefault(record.revision, []).append(str(record.id))
        marked = 0
        for revision, ids in by_revision.items():
            for chunk in _chunks(ids):
                marked += await tx.execute(
                    update(RECORDS)
                    .where(RECORDS.c.id.in_(chunk), RECORDS.c.revision == revision)
                    .values(indexed=True)
                )
        if marked == len(records):
            return []
        active = [record.id for record in records if record.status is Status.ACTIVATED]
        standing = {record.id for record in await self.standing(tx, active)}
        return [identifier for identifier in active if identifier not in standing]

    async def standing(self, tx: Transaction, ids: Sequence[UUID]) -> list[MemoryRecord]:
        found: list[MemoryRecord] = []
        for chunk in _chunks([str(identifier) for identifier in ids]):
            found += records_of(
                await tx.all(
                    select(RECORDS.c.body).where(
                        RECORDS.c.id.in_(chunk), RECORDS.c.status == Status.ACTIVATED.value
                    )
                )
            )
        return found

    async def lock_owner(self, tx: Transaction, project_id: str, owner: Owner) -> None:
        if tx.dialect == "postgresql":  # SQLite has one writer anyway
            await tx.all(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:owner, 0))").bindparams(
                    owner=f"{project_id}/{owner.key}"
                )
            )

    async def pending(self, tx: Transaction, limit: int) -> list[MemoryRecord]:
        return records_of(
            await tx.all(
                select(RECORDS.c.body)
                .where(RECORDS.c.indexed.is_(False))
                .order_by(RECORDS.c.created_at, RECORDS.c.id)
                .limit(limit)
            )
        )

    async def unindexed(
        self, tx: Transaction, owner: Owner, ids: Sequence[UUID]
    ) -> list[MemoryRecord]:
        found: list[MemoryRecord] = []
        for chunk in _chunks([str(identifier) for identifier in ids]):
            found += records_of(
                await tx.all(
                    select(RECORDS.c.body).where(
                        RECORDS.c.owner_key == owner.key,
                        RECORDS.c.id.in_(chunk),
                        RECORDS.c.indexed.is_(False),
                    )
                )
            )
        return found

    async def many(
        self, tx: Transaction, project_id: str, ids: Sequence[UUID]
    ) -> list[MemoryRecord]:
        found: list[MemoryRecord] = []
        for wanted in _chunks([str(identifier) for identifier in ids]):
            found += records_of(
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
        return records_of(
            await tx.all(
                select(RECORDS.c.body)
                .where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.owner_key == owner.key,
                    of_kinds(kinds),
                    RECORDS.c.status.in_([status.value for status in statuses]),
                )
                .order_by(RECORDS.c.created_at, RECORDS.c.id)
            )
        )

    async def related(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        *,
        ids: Sequence[UUID],
        groups: Sequence[str],
    ) -> list[MemoryRecord]:
        found: dict[str, Any] = {}
        mine = and_(RECORDS.c.project_id == project_id, RECORDS.c.owner_key == owner.key)
        for column, wanted in (
            (RECORDS.c.id, [str(identifier) for identifier in ids]),
            (RECORDS.c.group_key, list(groups)),
        ):
            for chunk in _chunks(wanted):
                rows = await tx.all(
                    select(RECORDS.c.id, RECORDS.c.body).where(
                        mine, column.in_(chunk), of_kinds(_TALK)
                    )
                )
                found |= {row["id"]: row for row in rows}
        return records_of(found[identifier] for identifier in sorted(found))

    async def that_end(self, tx: Transaction, project_id: str, owner: Owner) -> list[MemoryRecord]:
        return records_of(
            await tx.all(
                select(RECORDS.c.body).where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.owner_key == owner.key,
                    RECORDS.c.ends.is_(True),
                )
            )
        )

    async def talk(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        conversation_id: str,
        *,
        limit: int,
    ) -> list[MemoryRecord]:
        return records_of(
            await tx.all(
                select(RECORDS.c.body)
                .where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.owner_key == owner.key,
                    RECORDS.c.conversation_id == conversation_id,
                    RECORDS.c.kind == Kind.MESSAGE.value,
                    RECORDS.c.status != Status.DELETED.value,
                )
                .order_by(RECORDS.c.sequence.desc(), RECORDS.c.created_at.desc(), RECORDS.c.id)
                .limit(limit)
            )
        )

    async def statements(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        conversation_id: str,
        *,
        limit: int,
    ) -> list[MemoryRecord]:
        return records_of(
            await tx.all(
                select(RECORDS.c.body)
                .where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.owner_key == owner.key,
                    RECORDS.c.conversation_id == conversation_id,
                    of_kinds((Kind.FACT, Kind.PREFERENCE)),
                    RECORDS.c.status == Status.ACTIVATED.value,
                )
                .order_by(RECORDS.c.sequence.desc(), RECORDS.c.created_at.desc(), RECORDS.c.id)
                .limit(limit)
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
            of_kinds(kinds),
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
        return records_of(rows), int(total["total"]) if total else 0

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

    async def erase_owner(
        self, tx: Transaction, project_id: str, owner: Owner, until: RemovedOwner | None
    ) -> list[UUID]:
        mine = RECORDS.c.owner_key == owner.key
        where = [RECORDS.c.project_id == project_id]
        if until is None:
            where.append(mine)
        else:
            # A correction belongs to its knowledge base.
            shared = and_(RECORDS.c.author == owner.key, RECORDS.c.kind != Kind.CORRECTION.value)
            where += [or_(mine, shared), covered(RECORDS, until)]
        await self._forget_versions(tx, project_id, owner, until)
        rows = await tx.all(select(RECORDS.c.id, RECORDS.c.status).where(*where))
        await tx.execute(delete(RECORDS).where(*where))
        return [UUID(row["id"]) for row in rows]

    async def erase(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> int:
        found = await self.many(tx, project_id, ids)
        for record in found:
            row = _row(redacted(record))
            await tx.execute(
                update(RECORDS)
                .where(RECORDS.c.owner_key == record.owner.key, RECORDS.c.id == str(record.id))
                .values(row)
            )
        return len(found)

    async def mark_removed(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> None:
        for wanted in _chunks([str(identifier) for identifier in ids]):
            await tx.execute(
                update(RECORDS)
                .where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.id.in_(wanted),
                    RECORDS.c.status == Status.DELETED.value,
                )
                .values(indexed=True)
            )

    async def erased(self, tx: Transaction, project_id: str, ids: Sequence[UUID]) -> set[UUID]:
        found: set[UUID] = set()
        for wanted in _chunks([str(identifier) for identifier in ids]):
            rows = await tx.all(
                select(RECORDS.c.id).where(
                    RECORDS.c.project_id == project_id,
                    RECORDS.c.id.in_(wanted),
                    RECORDS.c.status == Status.DELETED.value,
                )
            )
            found |= {UUID(row["id"]) for row in rows}
        return found

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
        return records_of(await tx.all(statement))

    async def count_activated(self, tx: Transaction) -> int:
        row = await tx.first(
            select(func.count().label("total"))
            .select_from(RECORDS)
            .where(RECORDS.c.status == Status.ACTIVATED.value)
        )
        return int(row["total"]) if row else 0

    async def all_owners(self, tx: Transaction) -> list[tuple[str, str]]:
        base = (literal(f"{OwnerType.KNOWLEDGE_BASE.value}:") + DOCUMENTS.c.knowledgebase_id).label(
            "owner_key"
        )
        rows = await tx.all(
            union(
                select(RECORDS.c.project_id, RECORDS.c.owner_key),
                select(OWNER_TOMBSTONES.c.project_id, OWNER_TOMBSTONES.c.owner_key),
                select(DOCUMENTS.c.project_id, base),
            )
        )
        return sorted((str(row["project_id"]), str(row["owner_key"])) for row in rows)
