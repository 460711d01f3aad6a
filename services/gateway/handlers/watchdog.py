"""Documents that nothing moves any more: named, sent again, and in the end failed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from services.gateway.domain import stalling, status
from services.gateway.domain.model import Document, DocumentState
from services.gateway.handlers.admission import submitted_event
from services.gateway.handlers.ports import Outbox
from services.kernel.contracts.errors import Code
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# Documents looked at in one round; the oldest first, so that the next round takes the next ones.
ROUND: Final = 200

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a document may stand still (seconds), and how often it is sent again then."""

    seconds: float = 300.0
    times: int = 3


class WatchStore(Protocol):
    """What the watchdog needs of the gateway's tables."""

    async def still(self, tx: Transaction, before: int, limit: int) -> Sequence[str]:
        """Ids of running documents that last moved before then, oldest first."""
        ...

    async def document(
        self, tx: Transaction, identifier: str, *, locked: bool = False
    ) -> Document | None:
        """By id."""
        ...

    async def save_document(self, tx: Transaction, document: Document) -> None:
        """Write all columns."""
        ...

    async def times_sent(self, tx: Transaction, document: Document) -> int:
        """How often this revision was sent again."""
        ...

    async def count_sent(self, tx: Transaction, document: Document) -> None:
        """Once more."""
        ...


Lag = Callable[[], Mapping[str, int]]


class Watchdog:
    """lag: records not yet handled by consumer group, as of now; empty when that is unknown, and
    then nothing is done: a document whose record still waits has not been lost.
    """

    def __init__(
        self,
        *,
        database: Database,
        store: WatchStore,
        outbox: Outbox,
        lag: Lag,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._database = database
        self._store = store
        self._outbox = outbox
        self._lag = lag
        self._clock = clock
        self._patience = patience

    async def once(self) -> int:
        """One round; how many documents were sent again or failed."""
        lag = self._lag()
        idle = {group for group, count in lag.items() if count == 0}
        if stalling.STATUS_GROUP not in idle:
            return 0
        before = self._clock.now_ms() - int(self._patience.seconds * 1000)
        async with self._database.read() as tx:
            found = await self._store.still(tx, before, ROUND)
        return sum([await self._look_after(identifier, before, idle) for identifier in found])

    async def _look_after(self, identifier: str, before: int, idle: set[str]) -> bool:
        async with self._database.write() as tx:
            document = await self._store.document(tx, identifier, locked=True)
            if document is None or not stalling.is_still(document, before):
                return False  # it moved meanwhile, or another gateway was quicker
            if not stalling.groups_of(document.state.stage) <= idle:
                return False
            if await self._store.times_sent(tx, document) < self._patience.times:
                await self._send_again(tx, document)
            else:
                await self._give_up(tx, document)
        return True

    async def _send_again(self, tx: Transaction, document: Document) -> None:
        state = document.state
        again = DocumentState(
            revision=state.revision,
            attempt=state.attempt + 1,
            size=state.size,
            sha256=state.sha256,
            media_type=state.media_type,
        )
        _log.warning(
            "document.sent_again",
            document_id=document.id,
            project_id=document.project_id,
            stage=state.stage,
            attempt=again.attempt,
        )
        await self._store.count_sent(tx, document)
        await self._store.save_document(
            tx, replace(document, state=again, updated_at=self._clock.now_ms())
        )
        await self._outbox.add(tx, [submitted_event(replace(document, state=again))])

    async def _give_up(self, tx: Transaction, document: Document) -> None:
        state = document.state
        reason = (
            f"nothing came after {state.stage!r} within {self._patience.seconds:g} seconds, also "
            f"when the document was sent again {self._patience.times} times; the operator finds "
            "the cause in the logs and the dead letters; uploading it again tries anew"
        )
        _log.error(
            "document.given_up",
            document_id=document.id,
            project_id=document.project_id,
            stage=state.stage,
            attempt=state.attempt,
        )
        failed = replace(
            state, outcome="failed", error_code=int(Code.TOOK_TOO_LONG), error_message=reason
        )
        await self._store.save_document(
            tx,
            replace(
                document,
                state=failed,
                reserved=status.reserved_bytes(failed, document.reserved),
                updated_at=self._clock.now_ms(),
            ),
        )
