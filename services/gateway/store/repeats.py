"""Statements over remembered answers; they never commit."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, delete, or_, select, update

from services.gateway.domain.model import Remembered
from services.gateway.store.statements import upsert
from services.gateway.store.tables import REPEATS, WRITE_MARKS
from services.kernel.ports.store import Transaction


class SqlRepeatStore:
    """Implements `handlers.ports.RepeatStore`."""

    async def find(self, tx: Transaction, fingerprint: str) -> Remembered | None:
        row = await tx.first(select(REPEATS).where(REPEATS.c.fingerprint == fingerprint))
        if row is None:
            return None
        return Remembered(
            fingerprint=row["fingerprint"],
            body=row["body"],
            holder=row["holder"],
            answer=None if row["answer"] is None else json.loads(row["answer"]),
            subjects=tuple(json.loads(row["subjects"])),
            keyed=bool(row["keyed"]),
            started_at=row["started_at"],
            expires_at=row["expires_at"],
        )

    async def claim(self, tx: Transaction, entry: Remembered, *, instead_of: str) -> bool:
        values = {
            "fingerprint": entry.fingerprint,
            "body": entry.body,
            "holder": entry.holder,
            "answer": None,
            "subjects": "[]",
            "keyed": entry.keyed,
            "started_at": entry.started_at,
            "expires_at": entry.expires_at,
        }
        statement = upsert(tx, REPEATS).values(**values)
        return bool(
            await tx.execute(
                statement.on_conflict_do_update(
                    index_elements=[REPEATS.c.fingerprint],
                    set_={
                        name: statement.excluded[name] for name in values if name != "fingerprint"
                    },
                    where=or_(
                        REPEATS.c.holder == instead_of,
                        REPEATS.c.expires_at <= statement.excluded.started_at,
                    ),
                )
            )
        )

    async def finish(
        self,
        tx: Transaction,
        fingerprint: str,
        holder: str,
        *,
        answer: Any,
        subjects: Sequence[str],
        expires_at: int,
    ) -> None:
        await tx.execute(
            update(REPEATS)
            .where(REPEATS.c.fingerprint == fingerprint, REPEATS.c.holder == holder)
            .values(
                answer=json.dumps(answer, ensure_ascii=False),
                subjects=json.dumps(list(subjects)),
                expires_at=expires_at,
            )
        )

    async def release(self, tx: Transaction, fingerprint: str, holder: str) -> None:
        await tx.execute(
            delete(REPEATS).where(
                REPEATS.c.fingerprint == fingerprint,
                REPEATS.c.holder == holder,
                REPEATS.c.answer.is_(None),
            )
        )

    async def mark(
        self, tx: Transaction, subjects: Sequence[str], fingerprint: str, now: int
    ) -> None:
        if not subjects:
            return
        statement = upsert(tx, WRITE_MARKS).values(
            [
                {"subject": subject, "fingerprint": fingerprint, "marked_at": now}
                for subject in sorted(set(subjects))
            ]
        )
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=[WRITE_MARKS.c.subject],
                set_={
                    "fingerprint": statement.excluded.fingerprint,
                    # By the clock that is ahead: an answer is kept no longer than its mark.
                    "marked_at": case(
                        (
                            statement.excluded.marked_at > WRITE_MARKS.c.marked_at,
                            statement.excluded.marked_at,
                        ),
                        else_=WRITE_MARKS.c.marked_at,
                    ),
                },
            )
        )

    async def is_last(self, tx: Transaction, subjects: Sequence[str], fingerprint: str) -> bool:
        row = await tx.first(
            select(WRITE_MARKS.c.subject)
            .where(WRITE_MARKS.c.subject.in_(subjects), WRITE_MARKS.c.fingerprint != fingerprint)
            .limit(1)
        )
        return row is None

    async def prune(self, tx: Transaction, now: int, marks_before: int) -> None:
        await tx.execute(delete(REPEATS).where(REPEATS.c.expires_at < now))
        await tx.execute(delete(WRITE_MARKS).where(WRITE_MARKS.c.marked_at < marks_before))
