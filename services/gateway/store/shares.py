"""Statements over offers of knowledge bases to other projects; they never commit."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update

from services.gateway.domain.model import Share
from services.gateway.store.statements import upsert
from services.gateway.store.tables import SHARES
from services.kernel.ports.store import Transaction


def _share(row: Mapping[Any, Any]) -> Share:
    return Share(**{name: row[name] for name in Share.__dataclass_fields__})


class SqlShareStore:
    """Implements `handlers.sharing.ShareStore`."""

    async def add(self, tx: Transaction, share: Share) -> Share:
        values = {name: getattr(share, name) for name in Share.__dataclass_fields__}
        await tx.execute(upsert(tx, SHARES).values(**values).on_conflict_do_nothing())
        row = await tx.first(
            select(SHARES).where(
                SHARES.c.knowledgebase_id == share.knowledgebase_id,
                SHARES.c.project == share.project,
            )
        )
        return share if row is None else _share(row)

    async def of_base(self, tx: Transaction, knowledgebase_id: str) -> list[Share]:
        rows = await tx.all(
            select(SHARES)
            .where(SHARES.c.knowledgebase_id == knowledgebase_id)
            .order_by(SHARES.c.created_at, SHARES.c.id)
        )
        return [_share(row) for row in rows]

    async def offered(self, tx: Transaction, target_id: str, knowledgebase_id: str) -> Share | None:
        row = await tx.first(
            select(SHARES).where(
                SHARES.c.target_id == target_id, SHARES.c.knowledgebase_id == knowledgebase_id
            )
        )
        return None if row is None else _share(row)

    async def offers_to(self, tx: Transaction, target_id: str) -> list[Share]:
        rows = await tx.all(
            select(SHARES)
            .where(SHARES.c.target_id == target_id)
            .order_by(SHARES.c.created_at, SHARES.c.id)
        )
        return [_share(row) for row in rows]

    async def accept(self, tx: Transaction, identifier: str, at: int) -> None:
        await tx.execute(
            update(SHARES)
            .where(SHARES.c.id == identifier, SHARES.c.accepted_at.is_(None))
            .values(accepted_at=at)
        )

    async def remove(self, tx: Transaction, identifier: str) -> None:
        await tx.execute(delete(SHARES).where(SHARES.c.id == identifier))
