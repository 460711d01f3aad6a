"""Background work: what nobody waits for."""

from services.gateway.domain.limits import Limits
from services.gateway.handlers.calls import Writes
from services.gateway.handlers.ports import CatalogueStore
from services.gateway.handlers.rates import Rates
from services.gateway.handlers.receiving import STAGING
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database


class Upkeep:
    """Forgets remembered answers that are over, and removes staging blobs that nobody waits for."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        writes: Writes,
        rates: Rates,
        blobs: Blobs,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._writes = writes
        self._rates = rates
        self._blobs = blobs
        self._clock = clock
        self._limits = limits
        self._seen: dict[str, int] = {}

    async def once(self) -> None:
        """One round. A staging blob goes when no document waits for it, and it was seen for
        longer than the longest upload takes.
        """
        await self._writes.prune()
        await self._rates.prune()
        now = self._clock.now_ms()
        async with self._database.read() as tx:
            awaited = await self._catalogue.staged_paths(tx)
        present = [path async for path in self._blobs.list(STAGING)]
        self._seen = {path: self._seen.get(path, now) for path in present if path not in awaited}
        for path, since in list(self._seen.items()):
            if now - since >= self._limits.staging_ms:
                await self._blobs.delete(path)
                del self._seen[path]
