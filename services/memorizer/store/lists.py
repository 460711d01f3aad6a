"""Lists of records, page by page; the statements never commit."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.sql.expression import ColumnElement

from services.kernel.contracts.records import Kind, MemoryRecord, Owner, Status
from services.kernel.ports.records import DocumentPlace, OwnerPlace
from services.kernel.ports.store import Transaction
from services.memorizer.store.tables import RECORDS


def records_of(rows: Iterable[Any]) -> list[MemoryRecord]:
    """The records in rows that have a `body`."""
    return [MemoryRecord.model_validate_json(row["body"]) for row in rows]


def of_kinds(kinds: Sequence[Kind]) -> ColumnElement[bool]:
    """Whether a record is of one of these kinds."""
    return RECORDS.c.kind.in_([kind.value for kind in kinds])


class SqlRecordLists:
    """The part of `handlers.ports.RecordStore` that lists and counts."""

    async def of_document(
        self,
        tx: Transaction,
        project_id: str,
        document_id: str,
        kinds: Sequence[Kind],
        *,
        after: DocumentPlace | None = None,
        limit: int | None = None,
    ) -> list[MemoryRecord]:
        key = (RECORDS.c.kind, RECORDS.c.ordinal, RECORDS.c.id)
        statement = select(RECORDS.c.body).where(
            RECORDS.c.document_id == document_id,
            RECORDS.c.project_id == project_id,
            of_kinds(kinds),
            RECORDS.c.status == Status.ACTIVATED.value,
        )
        if after is not None:
            statement = statement.where(tuple_(*key) > tuple_(after.kind, after.ordinal, after.id))
        return records_of(await tx.all(statement.order_by(*key).limit(limit)))

    async def listed(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
        *,
        before: OwnerPlace | None,
        limit: int,
    ) -> list[MemoryRecord]:
        key = (RECORDS.c.created_at, RECORDS.c.id)
        statement = select(RECORDS.c.body).where(
            RECORDS.c.owner_key == owner.key,
            RECORDS.c.project_id == project_id,
            of_kinds(kinds),
            RECORDS.c.status.in_([status.value for status in statuses]),
        )
        if before is not None:
            statement = statement.where(tuple_(*key) < tuple_(before.created_at, before.id))
        newest = statement.order_by(*(column.desc() for column in key)).limit(limit)
        return records_of(await tx.all(newest))

    async def counted(
        self, tx: Transaction, project_id: str, owners: Sequence[str], kinds: Sequence[Kind]
    ) -> dict[str, int]:
        rows = await tx.all(
            select(RECORDS.c.owner_key, func.count().label("total"))
            .where(
                RECORDS.c.owner_key.in_(owners),
                RECORDS.c.project_id == project_id,
                of_kinds(kinds),
                RECORDS.c.status == Status.ACTIVATED.value,
            )
            .group_by(RECORDS.c.owner_key)
        )
        return dict.fromkeys(owners, 0) | {row["owner_key"]: row["total"] for row in rows}
