"""What stayed between SQL and the index, because a process died there, is written again."""

from services.kernel.ports.store import Database
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import RecordStore

_BATCH = 256


class Sweeper:
    """Repeats index writes that no one vouched for."""

    def __init__(self, *, database: Database, store: RecordStore, writer: IndexWriter) -> None:
        self._database = database
        self._store = store
        self._writer = writer

    async def sweep(self) -> int:
        """One pass; how many records were written again."""
        swept = 0
        while True:
            async with self._database.read() as tx:
                records = await self._store.pending(tx, _BATCH)
            if not records:
                return swept
            await self._writer.sync(records)
            async with self._database.write() as tx:
                await self._writer.vouch(tx, self._store, records)
            swept += len(records)
            if len(records) < _BATCH:
                return swept
