"""Statements over conversations: their memories, and the versions of edited messages."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select

from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType
from services.kernel.contracts.scope import RemovedOwner
from services.kernel.ports.store import Transaction
from services.memorizer.store.documents import insert
from services.memorizer.store.tables import MESSAGE_VERSIONS, RECORDS

_TALK = [kind.value for kind in (Kind.MESSAGE, Kind.FACT, Kind.PREFERENCE, Kind.TOOL)]


class SqlTalk:
    """The part of `handlers.ports.RecordStore` that concerns conversations."""

    async def of_talk(
        self, tx: Transaction, project_id: str, owner: Owner, conversation_id: str
    ) -> list[MemoryRecord]:
        rows = await tx.all(
            select(RECORDS.c.body)
            .where(
                RECORDS.c.project_id == project_id,
                RECORDS.c.owner_key == owner.key,
                RECORDS.c.conversation_id == conversation_id,
                RECORDS.c.kind.in_(_TALK),
            )
            .order_by(RECORDS.c.created_at, RECORDS.c.id)
        )
        return [MemoryRecord.model_validate_json(row["body"]) for row in rows]

    async def shared_with(
        self, tx: Transaction, project_id: str, author: Owner, conversation_id: str
    ) -> list[Owner]:
        rows = await tx.all(
            select(RECORDS.c.owner_key)
            .where(
                RECORDS.c.project_id == project_id,
                RECORDS.c.author == author.key,
                RECORDS.c.conversation_id == conversation_id,
                RECORDS.c.kind.in_(_TALK),
            )
            .distinct()
        )
        split = (str(row["owner_key"]).partition(":") for row in rows)
        return sorted(
            (Owner(type=OwnerType(kind), id=name) for kind, _, name in split),
            key=lambda owner: owner.key,
        )

    async def message_versions(self, tx: Transaction, event: MessagesRecorded) -> dict[str, int]:
        rows = await tx.all(
            select(MESSAGE_VERSIONS.c.message_id, MESSAGE_VERSIONS.c.sequence).where(
                *(MESSAGE_VERSIONS.c[name] == value for name, value in _place(event).items()),
                MESSAGE_VERSIONS.c.message_id.in_([message.id for message in event.messages]),
            )
        )
        return {row["message_id"]: int(row["sequence"]) for row in rows}

    async def see_versions(
        self, tx: Transaction, event: MessagesRecorded, versions: Mapping[str, int]
    ) -> None:
        if not versions:
            return
        statement = insert(tx, MESSAGE_VERSIONS)
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=list(MESSAGE_VERSIONS.primary_key.columns),
                set_={"sequence": statement.excluded.sequence},
                where=MESSAGE_VERSIONS.c.sequence < statement.excluded.sequence,
            ),
            [
                {**_place(event), "message_id": identifier, "sequence": version}
                for identifier, version in versions.items()
            ],
        )

    async def _forget_versions(
        self, tx: Transaction, project_id: str, owner: Owner, until: RemovedOwner | None
    ) -> None:
        where = [
            MESSAGE_VERSIONS.c.project_id == project_id,
            MESSAGE_VERSIONS.c.owner_key == owner.key,
        ]
        if until is not None:
            where.append(MESSAGE_VERSIONS.c.sequence <= until.sequence)
        await tx.execute(delete(MESSAGE_VERSIONS).where(*where))


def _place(event: MessagesRecorded) -> dict[str, Any]:
    return {
        "project_id": event.project_id,
        "owner_key": event.owner.key,
        "conversation_id": event.conversation_id,
    }
