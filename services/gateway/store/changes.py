"""Statements that find what changed in a project since a time; they never commit."""

import json

from sqlalchemy import select

from services.gateway.domain.documents import file_detail
from services.gateway.domain.model import Change
from services.gateway.store.catalogue import document_of
from services.gateway.store.tables import CORRECTIONS, DOCUMENTS, TASK_PARTS, TASKS
from services.kernel.ports.store import Transaction


class SqlChangeStore:
    """Implements `handlers.changes.ChangeStore`."""

    async def since(self, tx: Transaction, project_id: str, at: int, limit: int) -> list[Change]:
        documents = await tx.all(
            select(DOCUMENTS)
            .where(DOCUMENTS.c.project_id == project_id, DOCUMENTS.c.updated_at >= at)
            .order_by(DOCUMENTS.c.updated_at, DOCUMENTS.c.id)
            .limit(limit)
        )
        parts = await tx.all(
            select(TASK_PARTS, TASKS.c.kind)
            .join(TASKS, TASKS.c.id == TASK_PARTS.c.task_id)
            .where(TASKS.c.project_id == project_id, TASK_PARTS.c.updated_at >= at)
            .order_by(TASK_PARTS.c.updated_at, TASK_PARTS.c.id)
            .limit(limit)
        )
        corrections = await tx.all(
            select(CORRECTIONS)
            .where(CORRECTIONS.c.project_id == project_id, CORRECTIONS.c.updated_at >= at)
            .order_by(CORRECTIONS.c.updated_at, CORRECTIONS.c.id)
            .limit(limit)
        )
        found = [
            Change("document", row["id"], row["updated_at"], file_detail(document_of(row)))
            for row in documents
        ]
        found += [
            Change(
                "task",
                row["id"],
                row["updated_at"],
                {
                    "task_id": row["task_id"],
                    "kind": row["kind"],
                    "status": row["status"],
                    "error_code": row["error_code"],
                    "error_message": row["error_message"],
                },
            )
            for row in parts
        ]
        found += [
            Change(
                "correction",
                row["id"],
                row["updated_at"],
                {
                    "id": row["id"],
                    "knowledgebase_id": row["knowledgebase_id"],
                    "active": bool(row["active"]),
                    "kind": json.loads(row["decision"]).get("kind"),
                },
            )
            for row in corrections
        ]
        # What lies beyond the first `limit` of one kind comes with the next question.
        return sorted(found, key=lambda change: (change.at, change.kind, change.id))[:limit]
