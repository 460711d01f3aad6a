"""What changes in a project, as a stream: progress of documents and tasks, corrections.

The stream polls the projections, which every gateway shares: an event may reach another replica.
It resumes from any gateway at the id of the last event. Delivery is at least once: what changed
shortly before that id is told again, and each event carries the whole present state.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

from services.gateway.domain.model import Change
from services.gateway.handlers.calls import Call
from services.kernel.contracts.errors import InvalidInput, TooManyRequests
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# Rows carry the time at which their transaction began, by the clock of another gateway perhaps:
# so much older ones may still appear.
_OVERLAP_MS: Final = 5_000
_MOST: Final = 500
_LONGEST_ID: Final = 20


class ChangeStore(Protocol):
    """Changes of a project."""

    async def since(self, tx: Transaction, project_id: str, at: int, limit: int) -> list[Change]:
        """Those from a time on, oldest first, each with the present state of what changed."""
        ...


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Bounds of the streams of one gateway. Seconds: between questions to the database, between
    signs of life, and until a stream ends and its client comes back.
    """

    streams: int = 200
    poll: float = 1.0
    heartbeat: float = 15.0
    longest: float = 600.0


class Changes:
    """Streams of changes, so many at once."""

    def __init__(
        self, *, database: Database, store: ChangeStore, clock: Clock, limits: StreamLimits
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._limits = limits
        self._open = 0

    def stream(self, call: Call, last_id: str) -> AsyncIterator[Change | None]:
        """Changes after the event of that id ("" for from now on); None is a sign of life.
        InvalidInput, TooManyRequests.
        """
        if last_id and not (last_id.isascii() and last_id.isdigit() and len(last_id) < _LONGEST_ID):
            raise InvalidInput("`Last-Event-ID` is none of this stream; leave it out to begin anew")
        if self._open >= self._limits.streams:
            raise TooManyRequests(
                f"{self._open} streams of events are open at this gateway; try again later",
                retry_after=self._limits.heartbeat,
            )
        return self._follow(call, int(last_id) if last_id else self._clock.now_ms())

    async def _follow(self, call: Call, since: int) -> AsyncIterator[Change | None]:
        self._open += 1
        told: dict[tuple[str, str, int], None] = {}
        began = heard = self._clock.monotonic()
        try:
            yield None
            while True:
                async with self._database.read() as tx:
                    found = await self._store.since(
                        tx, call.project.id, max(0, since - _OVERLAP_MS), _MOST
                    )
                fresh = [one for one in found if (one.kind, one.id, one.at) not in told]
                for change in fresh:
                    told[(change.kind, change.id, change.at)] = None
                    yield change
                if found:
                    full = len(found) == _MOST
                    # A full page that brought nothing new would be asked for for ever.
                    since = max(since, found[-1].at + (_OVERLAP_MS if full and not fresh else 0))
                    told = {key: None for key in told if key[2] >= since - _OVERLAP_MS}
                now = self._clock.monotonic()
                if fresh:
                    heard = now
                elif now - heard >= self._limits.heartbeat:
                    heard = now
                    yield None
                if now - began >= self._limits.longest:
                    return
                await self._clock.sleep(self._limits.poll)
        finally:
            self._open -= 1
