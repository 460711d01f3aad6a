"""Comparing the records with other stores, for people: beside servers, or while none runs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.kernel.adapters.process import Resources
from services.kernel.contracts.topics import Service
from services.kernel.ports.store import Database
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.reconciling import Reconciling
from services.memorizer.store import METADATA, MIGRATIONS, SqlRecordAudit, SqlRecordStore


class RecordFacts:
    """What the records say, and how the index differs from them."""

    def __init__(self, database: Database, resources: Resources) -> None:
        self._database = database
        self._resources = resources
        self._audit = SqlRecordAudit()

    async def index(self, *, mend: bool) -> dict[str, int]:
        """Differences of the index by kind. DependencyUnavailable where another process holds the
        index's folder.
        """
        resources = self._resources
        await resources.generations.ensure(resources.identity())
        reconciling = Reconciling(
            database=self._database,
            store=SqlRecordStore(),
            writer=IndexWriter(
                index=resources.generations.serving(),
                encoder=resources.encoder,
                embedder=resources.models.embedder,
            ),
        )
        return await reconciling.run(mend=mend)

    async def without_passages(self, documents: Sequence[str]) -> list[str]:
        """Those of the documents of which there is no passage."""
        async with self._database.read() as tx:
            found = await self._audit.documents_with_passages(tx, documents)
        return [identifier for identifier in documents if identifier not in found]

    async def corrections(self, ids: Sequence[str]) -> dict[str, bool | None]:
        """By id of a correction that has a record, whether it is active; None: it was deleted."""
        async with self._database.read() as tx:
            return await self._audit.corrections(tx, ids)


@asynccontextmanager
async def record_facts(resources: Resources) -> AsyncIterator[RecordFacts]:
    """The memorizer's records, also while it runs."""
    database = resources.database(Service.MEMORIZER, METADATA, MIGRATIONS)
    await database.migrate()
    try:
        yield RecordFacts(database, resources)
    finally:
        await database.close()
