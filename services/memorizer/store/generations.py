"""Statements over the generations of the index; they never commit."""

from dataclasses import asdict

from sqlalchemy import RowMapping, select

from services.kernel.ports.store import Transaction
from services.memorizer.handlers.ports import GenerationRow
from services.memorizer.store.documents import insert
from services.memorizer.store.tables import GENERATIONS


class SqlGenerationStore:
    """Implements `handlers.ports.GenerationStore`."""

    async def live(self, tx: Transaction) -> list[GenerationRow]:
        statement = select(GENERATIONS).where(GENERATIONS.c.state.in_(["filling", "kept"]))
        return [_row(found) for found in await tx.all(statement.order_by(GENERATIONS.c.name))]

    async def all(self, tx: Transaction) -> list[GenerationRow]:
        statement = select(GENERATIONS).order_by(GENERATIONS.c.started_at, GENERATIONS.c.name)
        return [_row(found) for found in await tx.all(statement)]

    async def set(self, tx: Transaction, row: GenerationRow) -> None:
        values = asdict(row)
        await tx.execute(
            insert(tx, GENERATIONS)
            .values(values)
            .on_conflict_do_update(index_elements=[GENERATIONS.c.name], set_=values)
        )


def _row(found: RowMapping) -> GenerationRow:
    return GenerationRow(**dict(found))
