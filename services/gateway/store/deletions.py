"""Statements over receipts of deletions; they never commit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from services.gateway.domain.deletions import Deletion
from services.gateway.store.statements import upsert
from services.gateway.store.tables import DELETION_PARTS, DELETIONS
from services.kernel.ports.store import Transaction

_CHUNK = 500


def _deletion(row: Mapping[Any, Any]) -> Deletion:
    return Deletion(
        id=row["id"],
        project_id=row["project_id"],
        kind=row["kind"],
        subject_id=row["subject_id"],
        requested_at=row["requested_at"],
        waiting=row["waiting"],
        completed_at=row["completed_at"],
        counts=json.loads(row["counts"]),
        position=row["position"],
    )


class SqlDeletionStore:
    """Implements `handlers.deletions.DeletionStore`."""

    async def add(
        self, tx: Transaction, deletion: Deletion, parts: Mapping[str, Sequence[str]]
    ) -> None:
        await tx.execute(
            upsert(tx, DELETIONS).values(
                id=deletion.id,
                project_id=deletion.project_id,
                kind=deletion.kind,
                subject_id=deletion.subject_id,
                waiting=deletion.waiting,
                counts=json.dumps(dict(deletion.counts)),
                requested_at=deletion.requested_at,
                completed_at=deletion.completed_at,
            )
        )
        rows = [
            {"deletion_id": deletion.id, "subject": subject, "services": " ".join(services)}
            for subject, services in parts.items()
        ]
        for start in range(0, len(rows), _CHUNK):
            await tx.execute(upsert(tx, DELETION_PARTS).values(rows[start : start + _CHUNK]))

    async def one(
        self, tx: Transaction, project_id: str, identifier: str, *, locked: bool = False
    ) -> Deletion | None:
        statement = select(DELETIONS).where(
            DELETIONS.c.id == identifier, DELETIONS.c.project_id == project_id
        )
        row = await tx.first(statement.with_for_update() if locked else statement)
        return None if row is None else _deletion(row)

    async def newest(self, tx: Transaction, project_id: str, subject: str) -> str:
        row = await tx.first(
            select(DELETIONS.c.id)
            .join(DELETION_PARTS, DELETION_PARTS.c.deletion_id == DELETIONS.c.id)
            .where(DELETION_PARTS.c.subject == subject, DELETIONS.c.project_id == project_id)
            .order_by(DELETIONS.c.position.desc())
            .limit(1)
        )
        return "" if row is None else str(row["id"])

    async def confirm(self, tx: Transaction, identifier: str, subject: str, service: str) -> bool:
        part = (DELETION_PARTS.c.deletion_id == identifier, DELETION_PARTS.c.subject == subject)
        row = await tx.first(select(DELETION_PARTS.c.services).where(*part))
        services = [] if row is None else str(row["services"]).split()
        if service not in services:
            return False
        services.remove(service)
        await tx.execute(update(DELETION_PARTS).where(*part).values(services=" ".join(services)))
        return True

    async def save(self, tx: Transaction, deletion: Deletion) -> None:
        await tx.execute(
            update(DELETIONS)
            .where(DELETIONS.c.id == deletion.id)
            .values(
                waiting=deletion.waiting,
                counts=json.dumps(dict(deletion.counts)),
                completed_at=deletion.completed_at,
            )
        )

    async def page(
        self, tx: Transaction, project_id: str, *, before: int | None, limit: int
    ) -> list[Deletion]:
        statement = select(DELETIONS).where(DELETIONS.c.project_id == project_id)
        if before is not None:
            statement = statement.where(DELETIONS.c.position < before)
        rows = await tx.all(statement.order_by(DELETIONS.c.position.desc()).limit(limit))
        return [_deletion(row) for row in rows]
