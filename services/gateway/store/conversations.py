"""Statements over messages and feedback; they never commit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, tuple_

from services.gateway.domain.model import Feedback
from services.gateway.store.statements import upsert
from services.gateway.store.tables import FEEDBACKS, MESSAGES
from services.kernel.contracts.events import Message
from services.kernel.contracts.records import OwnerType
from services.kernel.ports.store import Transaction


def feedback_of(row: Mapping[Any, Any], prefix: str = "") -> Feedback:
    """The feedback in a row whose columns begin with `prefix`."""
    return Feedback(
        id=row[f"{prefix}id"],
        project_id=row[f"{prefix}project_id"],
        task_id=row[f"{prefix}task_id"],
        user_id=row[f"{prefix}user_id"],
        conversation_id=row[f"{prefix}conversation_id"],
        content=row[f"{prefix}content"],
        feedback_time=row[f"{prefix}feedback_time"],
        knowledgebase_ids=tuple(json.loads(row[f"{prefix}knowledgebase_ids"])),
        created_at=row[f"{prefix}created_at"],
    )


class SqlConversationStore:
    """Implements `handlers.ports.ConversationStore`."""

    async def add_messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: str,
        conversation_id: str,
        *,
        messages: Sequence[Message],
        now: int,
    ) -> None:
        rows = [
            {
                "project_id": project_id,
                "owner": owner,
                "conversation_id": conversation_id,
                "message_id": message.id,
                "role": message.role,
                "text": message.text,
                "chat_time": message.chat_time,
                "message": message.model_dump_json(),
                "created_at": now,
            }
            for message in messages
        ]
        statement = upsert(tx, MESSAGES)
        new = statement.excluded
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[
                    MESSAGES.c.project_id,
                    MESSAGES.c.owner,
                    MESSAGES.c.conversation_id,
                    MESSAGES.c.message_id,
                ],
                set_={
                    "role": new.role,
                    "text": new.text,
                    "chat_time": new.chat_time,
                    "message": new.message,
                    "created_at": new.created_at,
                },
                where=MESSAGES.c.message != new.message,
            ),
            rows,
        )

    async def last_messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: str,
        conversation_id: str,
        *,
        roles: Sequence[str],
        limit: int,
    ) -> list[tuple[Message, int]]:
        rows = await tx.all(
            select(MESSAGES.c.message, MESSAGES.c.created_at)
            .where(
                MESSAGES.c.project_id == project_id,
                MESSAGES.c.owner == owner,
                MESSAGES.c.conversation_id == conversation_id,
                MESSAGES.c.role.in_(roles),
            )
            .order_by(MESSAGES.c.position.desc())
            .limit(limit)
        )
        return [
            (Message.model_validate_json(row["message"]), row["created_at"])
            for row in reversed(rows)
        ]

    async def messages(
        self,
        tx: Transaction,
        project_id: str,
        owner: str,
        keys: Sequence[tuple[str, str]],
    ) -> dict[tuple[str, str], Message]:
        if not keys:
            return {}
        rows = await tx.all(
            select(MESSAGES.c.conversation_id, MESSAGES.c.message).where(
                MESSAGES.c.project_id == project_id,
                MESSAGES.c.owner == owner,
                tuple_(MESSAGES.c.conversation_id, MESSAGES.c.message_id).in_(list(keys)),
            )
        )
        found = [
            (row["conversation_id"], Message.model_validate_json(row["message"])) for row in rows
        ]
        return {(conversation, message.id): message for conversation, message in found}

    async def knows(self, tx: Transaction, project_id: str, owner: str, user_id: str) -> bool:
        said = await tx.first(
            select(MESSAGES.c.position)
            .where(MESSAGES.c.project_id == project_id, MESSAGES.c.owner == owner)
            .limit(1)
        )
        if said is not None:
            return True
        return (
            await tx.first(
                select(FEEDBACKS.c.id)
                .where(FEEDBACKS.c.project_id == project_id, FEEDBACKS.c.user_id == user_id)
                .limit(1)
            )
            is not None
        )

    async def forget(self, tx: Transaction, project_id: str, owner: str) -> int:
        kind, _, user = owner.partition(":")
        if kind == OwnerType.USER.value:
            # What it said about its own memories; what corrected a knowledge base is that one's.
            await tx.execute(
                delete(FEEDBACKS).where(
                    FEEDBACKS.c.project_id == project_id,
                    FEEDBACKS.c.user_id == user,
                    FEEDBACKS.c.knowledgebase_ids == json.dumps([]),
                )
            )
        return await tx.execute(
            delete(MESSAGES).where(MESSAGES.c.project_id == project_id, MESSAGES.c.owner == owner)
        )

    async def add_feedback(self, tx: Transaction, feedback: Feedback) -> None:
        await tx.execute(
            upsert(tx, FEEDBACKS).values(
                id=feedback.id,
                project_id=feedback.project_id,
                task_id=feedback.task_id,
                user_id=feedback.user_id,
                conversation_id=feedback.conversation_id,
                content=feedback.content,
                feedback_time=feedback.feedback_time,
                knowledgebase_ids=json.dumps(list(feedback.knowledgebase_ids)),
                created_at=feedback.created_at,
            )
        )
