"""Places in the order of an owner's writes; the statements never commit."""

from collections.abc import Sequence

from sqlalchemy import case, update

from services.gateway.store.statements import upsert
from services.gateway.store.tables import PLACES
from services.kernel.contracts.records import Owner
from services.kernel.ports.store import Transaction


class SqlPlaceStore:
    """Implements `handlers.ports.PlaceStore`."""

    async def draw(
        self, tx: Transaction, project_id: str, owners: Sequence[Owner], *, now: int
    ) -> int:
        keys = sorted({owner.key for owner in owners})  # one order of locks, or two calls deadlock
        drawn = [await self._next(tx, project_id, key, now) for key in keys]
        place = max(drawn)
        if any(one < place for one in drawn):
            await tx.execute(
                update(PLACES)
                .where(PLACES.c.project_id == project_id, PLACES.c.owner.in_(keys))
                .values(sequence=place)
            )
        return place

    async def _next(self, tx: Transaction, project_id: str, key: str, now: int) -> int:
        statement = upsert(tx, PLACES).values(project_id=project_id, owner=key, sequence=now)
        following = PLACES.c.sequence + 1
        (row,) = await tx.all(
            statement.on_conflict_do_update(
                index_elements=[PLACES.c.project_id, PLACES.c.owner],
                set_={"sequence": case((following > now, following), else_=now)},
            ).returning(PLACES.c.sequence)
        )
        return int(row["sequence"])
