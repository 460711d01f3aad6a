"""Chooses rules and adapters, builds the parts."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from memloom.v1 import records_pb2_grpc
from pydantic import Field

from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.contracts.blocks import ParsedDocument, Passage
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.generations import Generations
from services.kernel.ports.index import Identity
from services.kernel.ports.models import ChatModel, Embedder, LexicalEncoder
from services.kernel.ports.store import Database
from services.kernel.runtime.lifecycle import ServiceParts
from services.kernel.runtime.outbox import Outbox
from services.memorizer.domain.batches import Summary
from services.memorizer.domain.documents import processed
from services.memorizer.domain.segmentation import segment
from services.memorizer.handlers.asking import Asker
from services.memorizer.handlers.corrections import Corrections
from services.memorizer.handlers.documents import Documents
from services.memorizer.handlers.enriching import Enriching
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.messages import Messages
from services.memorizer.handlers.reconciling import Reconciling
from services.memorizer.handlers.records import RecordCommands
from services.memorizer.handlers.reindexing import LiveGenerations, Reindexing
from services.memorizer.handlers.restating import Restating
from services.memorizer.handlers.sweeping import Sweeper
from services.memorizer.servicer import RecordsServicer
from services.memorizer.settings import MemorizerSettings
from services.memorizer.store import (
    METADATA,
    MIGRATIONS,
    SqlEnrichmentStore,
    SqlGenerationStore,
    SqlRecordStore,
)
from services.memorizer.subscriptions import subscriptions


class RuleSegmenter:
    """The pure rules with this operator's sizes."""

    def __init__(self, settings: MemorizerSettings) -> None:
        self._settings = settings

    def segment(self, parsed: ParsedDocument, document_name: str) -> list[Passage]:
        return segment(
            parsed,
            document_name=document_name,
            target_tokens=self._settings.target_tokens,
            max_tokens=self._settings.max_tokens,
        )

    def summarise(
        self, parsed: ParsedDocument, passages: Sequence[Passage]
    ) -> tuple[list[Summary], tuple[str, ...]]:
        if not self._settings.summaries:
            return [], ()
        memories, keywords = processed(parsed, passages)
        return [Summary.model_validate(asdict(memory)) for memory in memories], keywords


def build(
    settings: MemorizerSettings,
    *,
    database: Database,
    blobs: Blobs,
    generations: Generations,
    identity: Identity,
    encoder: LexicalEncoder,
    clock: Clock,
    embedder: Embedder | None = None,
    chat: ChatModel | None = None,
) -> ServiceParts:
    """The service's parts over the given stores. identity: of the generations that the encoder
    and the embedder make.
    """
    store, generation_store = SqlRecordStore(), SqlGenerationStore()
    index = generations.serving()
    live = LiveGenerations(
        database=database, store=generation_store, generations=generations, identity=identity
    )
    writer = IndexWriter(index=index, encoder=encoder, embedder=embedder, others=live)
    reindexing = Reindexing(
        database=database,
        records=store,
        store=generation_store,
        generations=generations,
        identity=identity,
        writer=writer,
        clock=clock,
    )
    owed, asks_model = SqlEnrichmentStore(), chat is not None
    restating = Restating(
        database=database, store=store, writer=writer, clock=clock, tokenise=encoder.tokens
    )
    documents = Documents(
        database=database,
        restating=restating,
        store=store,
        owed=owed,
        asks_model=asks_model,
        blobs=blobs,
        writer=writer,
        segmenter=RuleSegmenter(settings),
        clock=clock,
        batch_passages=settings.batch_passages,
    )
    messages = Messages(
        database=database,
        store=store,
        writer=writer,
        clock=clock,
        owed=owed,
        asks_model=asks_model,
        read_seconds=settings.read_seconds,
    )
    corrections = Corrections(database=database, store=store, writer=writer, clock=clock)
    commands = RecordCommands(
        database=database,
        store=store,
        writer=writer,
        clock=clock,
        owed=owed,
        read_seconds=settings.read_seconds,
    )
    reconciling = Reconciling(database=database, store=store, writer=writer)
    sweeper = Sweeper(database=database, store=store, writer=writer)

    outbox = Outbox(Service.MEMORIZER, clock=clock)
    workers: tuple[Callable[[], Awaitable[None]], ...] = ()
    if chat is not None:
        asker = Asker(
            database=database,
            records=store,
            store=owed,
            model=chat,
            clock=clock,
            daily_tokens=settings.model_daily_tokens,
        )
        enriching = Enriching(
            database=database,
            records=store,
            store=owed,
            blobs=blobs,
            writer=writer,
            messages=messages,
            asker=asker,
            outbox=outbox,
            clock=clock,
        )
        workers = (enriching.work,) * settings.model_workers

    def serve(server: Any) -> None:
        records_pb2_grpc.add_RecordsServicer_to_server(
            RecordsServicer(commands, reindexing, reconciling), server
        )

    async def sweep() -> None:
        while True:
            await clock.sleep(settings.sweep_seconds)
            with suppress(DependencyUnavailable):  # the next pass finds the same rows
                await sweeper.sweep()

    return ServiceParts(
        name=Service.MEMORIZER,
        database=database,
        subscriptions=subscriptions(
            documents,
            messages,
            corrections,
            document_workers=settings.document_workers,
            passage_workers=settings.passage_workers,
            message_workers=settings.message_workers,
        ),
        servicers=(serve,),
        tasks=(sweep, reindexing.serve, *workers),
        outbox=outbox,
        # Searches would miss what is not filled in yet.
        checks={"database": database.check},
        states={"index filled": reindexing.check},
        background_checks={"blobs": blobs.check, "index": index.check},
    )


class MemorizerProcess(ProcessSettings):
    """Settings of `python -m services.memorizer`."""

    memorizer: MemorizerSettings = Field(default_factory=MemorizerSettings)


async def assemble(settings: MemorizerSettings, resources: Resources) -> ServiceParts:
    """The service over what its process has; InvalidInput when the index was made with other
    models.
    """
    await resources.generations.ensure(resources.identity())
    return build(
        settings,
        database=resources.database(Service.MEMORIZER, METADATA, MIGRATIONS),
        blobs=resources.blobs,
        generations=resources.generations,
        identity=resources.identity(),
        encoder=resources.encoder,
        clock=resources.clock,
        embedder=resources.models.embedder,
        chat=resources.models.chat,
    )


def main() -> None:
    """Run the memorizer alone."""

    async def alone(settings: MemorizerProcess, resources: Resources) -> Assembly:
        return Assembly(parts=[await assemble(settings.memorizer, resources)])

    main_of(Service.MEMORIZER, MemorizerProcess, alone)
