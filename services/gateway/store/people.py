"""Statements that list subjects, their conversations and tasks by cursor; they never commit."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, tuple_

from services.gateway.domain.model import Conversation, Subject, Task
from services.gateway.store.tables import MESSAGES, TASKS
from services.kernel.contracts.events import Message
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.ports.store import Transaction


class SqlPeopleStore:
    """Implements `handlers.people.PeopleStore`."""

    async def subjects(
        self, tx: Transaction, project_id: str, kind: OwnerType, *, after: str | None, limit: int
    ) -> list[Subject]:
        prefix = Owner(type=kind).key
        statement = (
            select(
                MESSAGES.c.owner,
                func.count().label("messages"),
                func.count(MESSAGES.c.conversation_id.distinct()).label("conversations"),
                func.min(MESSAGES.c.created_at).label("first_at"),
                func.max(MESSAGES.c.created_at).label("last_at"),
            )
            .where(
                MESSAGES.c.project_id == project_id,
                MESSAGES.c.owner.startswith(prefix, autoescape=True),
            )
            .group_by(MESSAGES.c.owner)
            .order_by(MESSAGES.c.owner)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(MESSAGES.c.owner > prefix + after)
        return [
            Subject(
                owner=Owner(type=kind, id=row["owner"].removeprefix(prefix)),
                messages=row["messages"],
                conversations=row["conversations"],
                first_at=row["first_at"],
                last_at=row["last_at"],
            )
            for row in await tx.all(statement)
        ]

    async def subject(self, tx: Transaction, project_id: str, owner: Owner) -> Subject:
        row = await tx.first(
            select(
                func.count().label("messages"),
                func.count(MESSAGES.c.conversation_id.distinct()).label("conversations"),
                func.min(MESSAGES.c.created_at).label("first_at"),
                func.max(MESSAGES.c.created_at).label("last_at"),
            ).where(MESSAGES.c.project_id == project_id, MESSAGES.c.owner == owner.key)
        )
        if row is None or not row["messages"]:
            return Subject(owner)
        return Subject(
            owner, row["messages"], row["conversations"], row["first_at"], row["last_at"]
        )

    async def conversations(
        self, tx: Transaction, project_id: str, owner: Owner, *, before: int | None, limit: int
    ) -> list[Conversation]:
        first = func.min(MESSAGES.c.position)
        statement = (
            select(
                MESSAGES.c.conversation_id.label("id"),
                first.label("position"),
                func.count().label("messages"),
                func.min(MESSAGES.c.created_at).label("first_at"),
                func.max(MESSAGES.c.created_at).label("last_at"),
            )
            .where(MESSAGES.c.project_id == project_id, MESSAGES.c.owner == owner.key)
            .group_by(MESSAGES.c.conversation_id)
            .order_by(first.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.having(first < before)
        return [
            Conversation(**{name: row[name] for name in Conversation.__dataclass_fields__})
            for row in await tx.all(statement)
        ]

    async def messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: Owner,
        conversation_id: str,
        *,
        after: int | None,
        limit: int,
    ) -> list[tuple[int, Message, int]]:
        statement = (
            select(MESSAGES.c.position, MESSAGES.c.message, MESSAGES.c.created_at)
            .where(
                MESSAGES.c.project_id == project_id,
                MESSAGES.c.owner == owner.key,
                MESSAGES.c.conversation_id == conversation_id,
            )
            .order_by(MESSAGES.c.position)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(MESSAGES.c.position > after)
        return [
            (row["position"], Message.model_validate_json(row["message"]), row["created_at"])
            for row in await tx.all(statement)
        ]

    async def tasks(
        self, tx: Transaction, project_id: str, *, before: Sequence[Any] | None, limit: int
    ) -> list[Task]:
        key = (TASKS.c.created_at, TASKS.c.id)
        statement = select(TASKS).where(TASKS.c.project_id == project_id)
        if before is not None:
            statement = statement.where(tuple_(*key) < tuple_(*before))
        newest = statement.order_by(*(column.desc() for column in key)).limit(limit)
        return [
            Task(row["id"], row["project_id"], row["kind"], "running", row["created_at"])
            for row in await tx.all(newest)
        ]
