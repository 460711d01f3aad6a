"""Statements over the audit log; they never commit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from services.gateway.domain.audit import Actor, AuditEntry, AuditFilter
from services.gateway.store.tables import AUDIT_LOG
from services.kernel.ports.store import Transaction


def _entry(row: Mapping[Any, Any]) -> AuditEntry:
    return AuditEntry(
        project_id=row["project_id"],
        at=row["at"],
        actor=Actor(row["key_id"], row["key_name"], row["role"], row["request_id"], row["address"]),
        operation=row["operation"],
        targets=tuple(json.loads(row["targets"])),
        result=row["result"],
        code=row["code"],
        detail=row["detail"],
        position=row["position"],
    )


class SqlAuditStore:
    """Implements `handlers.ports.AuditStore`."""

    async def add(self, tx: Transaction, entries: Sequence[AuditEntry]) -> None:
        await tx.execute(
            insert(AUDIT_LOG),
            [
                {
                    "project_id": entry.project_id,
                    "at": entry.at,
                    "key_id": entry.actor.key_id,
                    "key_name": entry.actor.key_name,
                    "role": entry.actor.role,
                    "operation": entry.operation,
                    "targets": json.dumps(list(entry.targets), ensure_ascii=False),
                    "result": entry.result,
                    "code": entry.code,
                    "detail": entry.detail,
                    "request_id": entry.actor.request_id,
                    "address": entry.actor.address,
                }
                for entry in entries
            ],
        )

    async def page(
        self,
        tx: Transaction,
        project_id: str,
        wanted: AuditFilter,
        *,
        before: int | None,
        limit: int,
    ) -> list[AuditEntry]:
        columns = AUDIT_LOG.c
        statement = select(AUDIT_LOG).where(columns.project_id == project_id)
        for column, value in (
            (columns.operation, wanted.operation),
            (columns.key_id, wanted.key_id),
            (columns.result, wanted.result),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if wanted.since is not None:
            statement = statement.where(columns.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(columns.at < wanted.until)
        if before is not None:
            statement = statement.where(columns.position < before)
        rows = await tx.all(statement.order_by(columns.position.desc()).limit(limit))
        return [_entry(row) for row in rows]

    async def prune(self, tx: Transaction, before: int) -> int:
        return await tx.execute(delete(AUDIT_LOG).where(AUDIT_LOG.c.at < before))
