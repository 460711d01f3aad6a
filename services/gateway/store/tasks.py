"""Statements over tasks, removals and the correction log; they never commit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from services.gateway.domain.model import CorrectionEntry, Removal, Task
from services.gateway.domain.tasks import document_of_part
from services.gateway.store.conversations import feedback_of
from services.gateway.store.statements import upsert
from services.gateway.store.tables import CORRECTIONS, FEEDBACKS, REMOVALS, TASK_PARTS, TASKS
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.store import Transaction


def _part(task: Task, row: Mapping[Any, Any]) -> Task:
    return Task(
        id=row["id"],
        project_id=task.project_id,
        kind=task.kind,
        status=row["status"],
        created_at=task.created_at,
        error_code=row["error_code"],
        error_message=row["error_message"],
        reason=row["reason"],
        changes=tuple(json.loads(row["changes"])),
    )


class SqlTaskStore:
    """Implements `handlers.ports.TaskStore`."""

    async def add_task(self, tx: Transaction, task: Task, parts: Sequence[str]) -> None:
        await tx.execute(
            upsert(tx, TASKS).values(
                id=task.id,
                project_id=task.project_id,
                kind=task.kind,
                created_at=task.created_at,
            )
        )
        await tx.execute(
            upsert(tx, TASK_PARTS).values(
                [
                    {
                        "id": part,
                        "task_id": task.id,
                        "status": task.status,
                        "error_code": 0,
                        "error_message": "",
                        "reason": "",
                        "changes": "[]",
                        "updated_at": task.created_at,
                        "document_id": document_of_part(part) or None,
                    }
                    for part in parts
                ]
            )
        )

    async def parts(self, tx: Transaction, project_id: str, task_id: str) -> list[Task]:
        row = await tx.first(
            select(TASKS).where(TASKS.c.id == task_id, TASKS.c.project_id == project_id)
        )
        if row is None:
            return []
        task = Task(row["id"], row["project_id"], row["kind"], "running", row["created_at"])
        rows = await tx.all(
            select(TASK_PARTS).where(TASK_PARTS.c.task_id == task_id).order_by(TASK_PARTS.c.id)
        )
        return [_part(task, found) for found in rows]

    async def tasks_with(
        self, tx: Transaction, project_id: str, *, part_id: str = "", document_id: str = ""
    ) -> list[str]:
        of_part = TASK_PARTS.c.id == part_id
        matches = TASK_PARTS.c.document_id == document_id if document_id else of_part
        rows = await tx.all(
            select(TASK_PARTS.c.task_id)
            .join(TASKS, TASKS.c.id == TASK_PARTS.c.task_id)
            .where(matches, TASKS.c.project_id == project_id)
        )
        return sorted({row["task_id"] for row in rows})

    async def part(self, tx: Transaction, project_id: str, part_id: str) -> Task | None:
        row = await tx.first(
            select(TASK_PARTS, TASKS.c.kind, TASKS.c.created_at, TASKS.c.project_id)
            .join(TASKS, TASKS.c.id == TASK_PARTS.c.task_id)
            .where(TASK_PARTS.c.id == part_id, TASKS.c.project_id == project_id)
            .with_for_update()
        )
        if row is None:
            return None
        task = Task(part_id, row["project_id"], row["kind"], "running", row["created_at"])
        return _part(task, row)

    async def save_part(self, tx: Transaction, part: Task, now: int) -> None:
        await tx.execute(
            update(TASK_PARTS)
            .where(TASK_PARTS.c.id == part.id)
            .values(
                status=part.status,
                error_code=part.error_code,
                error_message=part.error_message,
                reason=part.reason,
                changes=json.dumps(list(part.changes)),
                updated_at=now,
            )
        )

    async def add_removal(self, tx: Transaction, removal: Removal) -> None:
        await tx.execute(
            upsert(tx, REMOVALS).values(
                task_id=removal.task_id,
                project_id=removal.project_id,
                owner_type=removal.owner_type,
                owner_id=removal.owner_id,
                removed_at=removal.removed_at,
                sequence=removal.sequence,
            )
        )

    async def confirm_removal(
        self, tx: Transaction, project_id: str, task_id: str, at: int
    ) -> None:
        await tx.execute(
            update(REMOVALS)
            .where(
                REMOVALS.c.task_id == task_id,
                REMOVALS.c.project_id == project_id,
                REMOVALS.c.confirmed_at.is_(None),
            )
            .values(confirmed_at=at)
        )

    async def open_removals(self, tx: Transaction, project_id: str) -> list[RemovedOwner]:
        rows = await tx.all(
            select(REMOVALS).where(
                REMOVALS.c.project_id == project_id,
                REMOVALS.c.confirmed_at.is_(None),
                REMOVALS.c.owner_type.in_(("user", "agent")),
            )
        )
        return [
            RemovedOwner(
                owner=Owner(type=OwnerType(row["owner_type"]), id=row["owner_id"]),
                removed_at=row["removed_at"],
                sequence=row["sequence"],
            )
            for row in rows
        ]

    async def log_correction(
        self,
        tx: Transaction,
        project_id: str,
        *,
        knowledgebase_id: str,
        feedback_id: str,
        decision: dict[str, Any],
        now: int,
    ) -> None:
        await tx.execute(
            upsert(tx, CORRECTIONS)
            .values(
                id=decision["id"],
                project_id=project_id,
                knowledgebase_id=knowledgebase_id,
                feedback_id=feedback_id,
                decision=json.dumps(decision, ensure_ascii=False),
                active=True,
                created_at=now,
                updated_at=now,
            )
            .on_conflict_do_nothing()
        )

    async def corrections(
        self, tx: Transaction, project_id: str, knowledgebase_id: str, page: int, size: int
    ) -> tuple[list[CorrectionEntry], int]:
        where = (
            CORRECTIONS.c.project_id == project_id,
            CORRECTIONS.c.knowledgebase_id == knowledgebase_id,
        )
        counted = await tx.first(
            select(func.count().label("total")).select_from(CORRECTIONS).where(*where)
        )
        rows = await tx.all(
            _with_feedback()
            .where(*where)
            .order_by(CORRECTIONS.c.position.desc())
            .limit(size)
            .offset((page - 1) * size)
        )
        return [_entry(row) for row in rows], 0 if counted is None else counted["total"]

    async def correction(
        self, tx: Transaction, project_id: str, identifier: str
    ) -> CorrectionEntry | None:
        row = await tx.first(
            _with_feedback().where(
                CORRECTIONS.c.id == identifier, CORRECTIONS.c.project_id == project_id
            )
        )
        return None if row is None else _entry(row)

    async def forget_corrections(
        self, tx: Transaction, project_id: str, knowledgebase_id: str
    ) -> int:
        await tx.execute(
            delete(FEEDBACKS).where(
                FEEDBACKS.c.project_id == project_id,
                FEEDBACKS.c.knowledgebase_ids == json.dumps([knowledgebase_id]),
            )
        )
        return await tx.execute(
            delete(CORRECTIONS).where(
                CORRECTIONS.c.project_id == project_id,
                CORRECTIONS.c.knowledgebase_id == knowledgebase_id,
            )
        )

    async def set_correction(
        self, tx: Transaction, identifier: str, *, active: bool, now: int
    ) -> None:
        await tx.execute(
            update(CORRECTIONS)
            .where(CORRECTIONS.c.id == identifier)
            .values(active=active, updated_at=now)
        )


def _with_feedback() -> Any:
    return select(
        CORRECTIONS, *(column.label(f"said_{column.name}") for column in FEEDBACKS.c)
    ).join(FEEDBACKS, FEEDBACKS.c.id == CORRECTIONS.c.feedback_id)


def _entry(row: Mapping[Any, Any]) -> CorrectionEntry:
    return CorrectionEntry(
        id=row["id"],
        project_id=row["project_id"],
        knowledgebase_id=row["knowledgebase_id"],
        feedback=feedback_of(row, "said_"),
        decision=json.loads(row["decision"]),
        active=bool(row["active"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
