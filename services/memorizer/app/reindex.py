"""Generations of the index for people: while no server holds them, or beside servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.kernel.adapters.process import ProcessSettings, opened
from services.kernel.contracts.topics import Service
from services.kernel.ports.records import ReindexState
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.reindexing import Reindexing
from services.memorizer.store import METADATA, MIGRATIONS, SqlGenerationStore, SqlRecordStore


async def reindex(settings: ProcessSettings) -> ReindexState:
    """Fill a new generation from the records, with the models of `settings`, and let it serve.
    What was begun and not finished is taken up. DependencyUnavailable when another process holds
    the index's folder.
    """
    async with _reindexing(settings) as reindexing:
        return await reindexing.run()


async def roll_back(settings: ProcessSettings) -> ReindexState:
    """Bring the previous generation up to date and let it serve again. NotFound when there is
    none, InvalidInput when it was made with other models than those of `settings`.
    """
    async with _reindexing(settings) as reindexing:
        return await reindexing.roll_back()


async def drop_previous(settings: ProcessSettings) -> str:
    """Delete the previous generation; its name. NotFound when there is none."""
    async with _reindexing(settings) as reindexing:
        return await reindexing.drop_previous()


@asynccontextmanager
async def _reindexing(settings: ProcessSettings) -> AsyncIterator[Reindexing]:
    async with opened(settings, name="memloom-reindex") as resources:
        database = resources.database(Service.MEMORIZER, METADATA, MIGRATIONS)
        await database.migrate()
        generations = resources.generations
        try:
            yield Reindexing(
                database=database,
                records=SqlRecordStore(),
                store=SqlGenerationStore(),
                generations=generations,
                identity=resources.identity(),
                writer=IndexWriter(
                    index=generations.serving(),
                    encoder=resources.encoder,
                    embedder=resources.models.embedder,
                ),
                clock=resources.clock,
            )
        finally:
            await database.close()
