"""The audit log: what was done is written with it, what was refused a moment later."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol

import structlog

from services.gateway.domain.audit import (
    Actor,
    AuditEntry,
    AuditFilter,
    audit_item,
    bounded_name,
    bounded_text,
    shortened,
)
from services.kernel.contracts.errors import (
    Forbidden,
    InvalidInput,
    MemloomError,
    QuotaExceeded,
    Unauthorized,
)
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# Refusals that wait for the next round; a flood of them must not fill the memory.
_MOST_WAITING: Final = 10_000
_REFUSALS: Final = (Forbidden, QuotaExceeded, Unauthorized)
_log = structlog.get_logger(__name__)


class AuditStore(Protocol):
    """The audit log."""

    async def add(self, tx: Transaction, entries: Sequence[AuditEntry]) -> None:
        """Append."""
        ...

    async def page(
        self,
        tx: Transaction,
        project_id: str,
        wanted: AuditFilter,
        *,
        before: int | None,
        limit: int,
    ) -> list[AuditEntry]:
        """Newest first, from below the position `before` on."""
        ...

    async def prune(self, tx: Transaction, before: int) -> int:
        """Drop what is older than this time; how many lines."""
        ...


class AuditTrail:
    """Writes and shows the audit log. kept_ms: how long a line is kept."""

    def __init__(
        self, *, database: Database, store: AuditStore, clock: Clock, kept_ms: int
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._kept_ms = kept_ms
        self._refused: deque[AuditEntry] = deque()
        self._dropped = 0

    async def record(
        self,
        tx: Transaction,
        project_id: str,
        actor: Actor,
        operation: str,
        *,
        targets: Sequence[str] = (),
        detail: str = "",
    ) -> None:
        """Write that it was done, in the transaction that does it."""
        entry = AuditEntry(
            project_id=project_id,
            at=self._clock.now_ms(),
            actor=actor,
            operation=bounded_name(operation),
            targets=shortened([bounded_text(target) for target in targets]),
            detail=bounded_text(detail),
        )
        await self._store.add(tx, [entry])

    def refuse(self, project_id: str, actor: Actor, operation: str, error: MemloomError) -> None:
        """Note a refused access (any other error is none); it is written within seconds, and a
        crash may lose it.
        """
        if not isinstance(error, _REFUSALS):
            return
        if len(self._refused) >= _MOST_WAITING:
            self._dropped += 1
            return
        self._refused.append(
            AuditEntry(
                project_id=project_id,
                at=self._clock.now_ms(),
                actor=actor,
                operation=bounded_name(operation),
                result="refused",
                code=int(error.code),
                detail=bounded_text(error.message),
            )
        )

    async def flush(self) -> None:
        """Write the refusals that wait."""
        waiting = list(self._refused)
        if not waiting:
            return
        async with self._database.write() as tx:
            await self._store.add(tx, waiting)
        for _ in waiting:
            self._refused.popleft()
        if self._dropped:
            _log.warning("audit.refusals_dropped", count=self._dropped)
            self._dropped = 0

    async def page(
        self, project_id: str, wanted: AuditFilter, *, cursor: str | None, limit: int
    ) -> dict[str, Any]:
        """Return lines of the project, newest first, and the cursor of those that follow."""
        if cursor is not None and not (cursor.isascii() and cursor.isdigit()):
            raise InvalidInput("`cursor` must be the `next_cursor` of an earlier answer")
        await self.flush()
        async with self._database.read() as tx:
            found = await self._store.page(
                tx,
                project_id,
                wanted,
                before=None if cursor is None else min(int(cursor), (1 << 63) - 1),
                limit=limit + 1,
            )
        shown = found[:limit]
        more = len(found) > limit
        return {
            "entries": [audit_item(entry) for entry in shown],
            "next_cursor": str(shown[-1].position) if more else None,
        }

    async def prune(self) -> None:
        """Drop the lines that were kept long enough."""
        async with self._database.write() as tx:
            await self._store.prune(tx, self._clock.now_ms() - self._kept_ms)
