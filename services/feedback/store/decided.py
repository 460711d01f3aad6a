"""Statements over feedback's tables; they never commit."""

from sqlalchemy.dialects import postgresql, sqlite

from services.feedback.store.tables import DECIDED
from services.kernel.contracts.events import CorrectionDecided
from services.kernel.ports.store import Transaction


class SqlDecidedStore:
    """Implements `handlers.DecidedStore`."""

    async def record(
        self, tx: Transaction, decided: CorrectionDecided, *, method: str, now: int
    ) -> None:
        insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
        await tx.execute(
            insert(DECIDED)
            .values(
                project_id=decided.project_id,
                feedback_id=decided.feedback_id,
                decisions=len(decided.decisions),
                method=method,
                given_at=decided.feedback_time,
                decided_at=now,
            )
            .on_conflict_do_nothing()
        )
