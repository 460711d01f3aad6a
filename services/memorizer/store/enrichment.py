"""Statements over what the chat model owes, said and cost; they never commit."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from services.kernel.contracts.records import Owner
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.store import Transaction
from services.memorizer.handlers.ports import ModelCount, Source, Work
from services.memorizer.store.documents import covered, insert
from services.memorizer.store.tables import ANSWERS, COUNTS, ENRICHMENTS, SPENDING


class SqlEnrichmentStore:
    """Implements `handlers.ports.EnrichmentStore`."""

    async def owe(self, tx: Transaction, work: Work) -> None:
        await tx.execute(
            insert(tx, ENRICHMENTS)
            .values(
                id=str(work.id),
                project_id=work.project_id,
                owner_key=work.owner_key,
                document_id=work.document_id,
                revision=work.revision,
                body=work.body,
                created_at=work.created_at,
                sequence=work.sequence,
                due_at=0,
                failures=0,
                cause="",
                units=work.units,
            )
            .on_conflict_do_nothing()
        )

    async def claim(self, tx: Transaction, now: int, until: int) -> Work | None:
        statement = (
            select(ENRICHMENTS)
            .where(ENRICHMENTS.c.due_at <= now)
            .order_by(ENRICHMENTS.c.due_at, ENRICHMENTS.c.sequence, ENRICHMENTS.c.created_at)
            .limit(1)
        )
        if tx.dialect == "postgresql":
            statement = statement.with_for_update(skip_locked=True)
        row = await tx.first(statement)
        if row is None:
            return None
        await tx.execute(
            update(ENRICHMENTS)
            .where(ENRICHMENTS.c.id == row["id"])
            .values(due_at=until, failures=row["failures"] + 1)
        )
        return Work(
            id=UUID(row["id"]),
            project_id=row["project_id"],
            owner_key=row["owner_key"],
            body=row["body"],
            created_at=row["created_at"],
            sequence=row["sequence"],
            document_id=row["document_id"],
            revision=row["revision"],
            units=row["units"],
            failures=row["failures"] + 1,
        )

    async def lease(self, tx: Transaction, identifier: UUID, until: int) -> bool:
        return await self._set(tx, identifier, due_at=until) == 1

    async def postpone(
        self, tx: Transaction, identifier: UUID, due_at: int, cause: str, *, counted: bool
    ) -> None:
        failures = ENRICHMENTS.c.failures if counted else ENRICHMENTS.c.failures - 1
        await self._set(tx, identifier, due_at=due_at, cause=cause, failures=failures)

    async def finish(self, tx: Transaction, identifier: UUID) -> bool:
        return await tx.execute(delete(ENRICHMENTS).where(ENRICHMENTS.c.id == str(identifier))) == 1

    async def wake(self, tx: Transaction, now: int) -> None:
        statement = update(ENRICHMENTS).where(ENRICHMENTS.c.due_at > now).values(due_at=now)
        if tx.dialect == "postgresql":  # others may hold a lease; on SQLite there is nobody else
            statement = statement.where(ENRICHMENTS.c.cause != "")
        await tx.execute(statement)

    async def waiting(self, tx: Transaction) -> int:
        row = await tx.first(select(func.count().label("total")).select_from(ENRICHMENTS))
        return int(row["total"]) if row else 0

    async def answer(self, tx: Transaction, project_id: str, content_hash: str) -> str | None:
        row = await tx.first(
            select(ANSWERS.c.answer)
            .where(ANSWERS.c.project_id == project_id, ANSWERS.c.content_hash == content_hash)
            .limit(1)
        )
        return None if row is None else str(row["answer"])

    async def keep_answer(
        self, tx: Transaction, source: Source, content_hash: str, answer: str
    ) -> None:
        await tx.execute(
            insert(tx, ANSWERS)
            .values(
                project_id=source.project_id,
                content_hash=content_hash,
                owner_key=source.owner.key,
                document_id=source.document_id,
                answer=answer,
                created_at=source.created_at,
                sequence=source.sequence,
            )
            .on_conflict_do_nothing()
        )

    async def spent(self, tx: Transaction, project_id: str, day: str) -> int:
        row = await tx.first(
            select(SPENDING.c.tokens).where(
                SPENDING.c.project_id == project_id, SPENDING.c.day == day
            )
        )
        return int(row["tokens"]) if row else 0

    async def spend(
        self, tx: Transaction, project_id: str, day: str, calls: int, tokens: int
    ) -> None:
        await _add(tx, SPENDING, {"project_id": project_id, "day": day}, calls=calls, tokens=tokens)

    async def count(
        self, tx: Transaction, document_id: str, revision: int, done: ModelCount
    ) -> None:
        await _add(
            tx,
            COUNTS,
            {"document_id": document_id, "revision": revision},
            calls=done.calls,
            tokens=done.tokens,
            cached=done.cached,
            refused=done.refused,
            memories=done.memories,
        )

    async def counted(self, tx: Transaction, document_id: str, revision: int) -> ModelCount:
        row = await tx.first(
            select(COUNTS).where(COUNTS.c.document_id == document_id, COUNTS.c.revision == revision)
        )
        pending = await tx.first(
            select(func.coalesce(func.sum(ENRICHMENTS.c.units), 0).label("units")).where(
                ENRICHMENTS.c.document_id == document_id, ENRICHMENTS.c.revision == revision
            )
        )
        units = int(pending["units"]) if pending else 0
        if row is None:
            return ModelCount(pending=units)
        return ModelCount(
            pending=units,
            calls=int(row["calls"]),
            tokens=int(row["tokens"]),
            cached=int(row["cached"]),
            refused=int(row["refused"]),
            memories=int(row["memories"]),
        )

    async def forget_document(self, tx: Transaction, document_id: str) -> int:
        gone = {
            table: await tx.execute(delete(table).where(table.c.document_id == document_id))
            for table in (ENRICHMENTS, ANSWERS, COUNTS)
        }
        return gone[ANSWERS]

    async def forget_owner(
        self, tx: Transaction, project_id: str, owner: Owner, until: RemovedOwner | None
    ) -> int:
        gone = 0
        for table in (ENRICHMENTS, ANSWERS):
            where = [table.c.project_id == project_id, table.c.owner_key == owner.key]
            if until is not None:
                where.append(covered(table, until))
            gone = await tx.execute(delete(table).where(*where))
        return gone  # of answers, the last

    async def forget_answers(self, tx: Transaction, project_id: str, hashes: Sequence[str]) -> None:
        await tx.execute(
            delete(ANSWERS).where(
                ANSWERS.c.project_id == project_id, ANSWERS.c.content_hash.in_(hashes)
            )
        )

    async def _set(self, tx: Transaction, identifier: UUID, **values: Any) -> int:
        return await tx.execute(
            update(ENRICHMENTS).where(ENRICHMENTS.c.id == str(identifier)).values(**values)
        )


async def _add(tx: Transaction, table: Any, key: dict[str, Any], **news: int) -> None:
    """Add to the row of that key, made where there is none."""
    statement = insert(tx, table).values(**key, **news)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c[name] for name in key],
            set_={name: table.c[name] + statement.excluded[name] for name in news},
        )
    )
