"""Composition root of the gateway: builds the use cases and their entrances over given ports."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from fastapi import FastAPI
from memloom.v1 import memloom_pb2_grpc
from pydantic import Field, SecretStr

from services.gateway.handlers.access import Access
from services.gateway.handlers.admission import Admission, Share
from services.gateway.handlers.attachments import Attachments
from services.gateway.handlers.calls import Rates, Writes
from services.gateway.handlers.chat import Assistant
from services.gateway.handlers.conversations import Conversations
from services.gateway.handlers.directory import Directory
from services.gateway.handlers.documents import Documents
from services.gateway.handlers.feedback import FeedbackDesk
from services.gateway.handlers.knowledgebases import KnowledgeBases
from services.gateway.handlers.memories import Memories
from services.gateway.handlers.overview import Overview
from services.gateway.handlers.ports import Outbox
from services.gateway.handlers.projections import Projections
from services.gateway.handlers.search import Search
from services.gateway.handlers.sharing import Sharing
from services.gateway.handlers.upkeep import Upkeep
from services.gateway.handlers.uploads import Uploads
from services.gateway.handlers.usecases import UseCases
from services.gateway.handlers.watchdog import Lag, Patience, Watchdog
from services.gateway.routes import build_rest
from services.gateway.servicer import SERVICE_NAME, MemloomServicer
from services.gateway.settings import GatewaySettings
from services.gateway.store import (
    METADATA,
    MIGRATIONS,
    SqlCatalogueStore,
    SqlConversationStore,
    SqlDirectoryStore,
    SqlKeyStore,
    SqlPlaceStore,
    SqlQueueStore,
    SqlRepeatStore,
    SqlScopeStore,
    SqlShareStore,
    SqlTaskStore,
    SqlWatchStore,
)
from services.gateway.subscriptions import subscriptions
from services.kernel.adapters.front import Address, Front
from services.kernel.adapters.preview_grpc import GrpcPreview
from services.kernel.adapters.probe_grpc import GrpcProbe
from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.adapters.records_grpc import GrpcRecords
from services.kernel.adapters.retrieval_grpc import GrpcRetrieval
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.models import ChatModel, Reranker
from services.kernel.ports.preview import Preview, Probe
from services.kernel.ports.records import Records
from services.kernel.ports.retrieval import Retrieval
from services.kernel.ports.store import Database
from services.kernel.runtime.health import Health
from services.kernel.runtime.lifecycle import ServiceParts
from services.kernel.runtime.outbox import Outbox as RelayedOutbox


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway, built.

    asgi: REST. grpc: functions that add the public servicers to the public server, which also
    names `grpc_services` in health and reflection. access: keys, projects and plans, for the
    command line. bootstrap: make the default project and its key; run it once after the migration;
    returns a key that was generated, to be printed once.
    """

    parts: ServiceParts
    asgi: FastAPI
    grpc: tuple[Callable[[Any], None], ...]
    grpc_services: tuple[str, ...]
    access: Access
    cases: UseCases
    bootstrap: Callable[[], Awaitable[str | None]]


def build(
    settings: GatewaySettings,
    *,
    database: Database,
    blobs: Blobs,
    retrieval: Retrieval,
    records: Records,
    preview: Preview,
    probe: Probe,
    clock: Clock,
    outbox: Outbox,
    chat_model: ChatModel | None = None,
    reranker: Reranker | None = None,
    health: Health | None = None,
    lag: Lag = dict,
) -> Gateway:
    """The gateway over the given ports. outbox: the runtime's, of the gateway's database. health:
    the process's, else the gateway's own. lag: as `Watchdog` asks for it; by default unknown.
    """
    limits = settings.limits()
    catalogue, keys, tasks = SqlCatalogueStore(), SqlKeyStore(), SqlTaskStore()
    said, places = SqlConversationStore(), SqlPlaceStore()
    writes = Writes(database=database, store=SqlRepeatStore(), clock=clock, limits=limits)
    access = Access(database=database, store=keys, catalogue=catalogue, clock=clock)
    search = Search(
        database=database,
        store=SqlScopeStore(),
        conversations=said,
        retrieval=retrieval,
        clock=clock,
        limits=limits,
    )
    admission = Admission(
        database=database,
        store=SqlQueueStore(),
        keys=keys,
        outbox=outbox,
        clock=clock,
        share=Share(
            documents=settings.documents_in_work,
            fetches=min(settings.fetches_in_work, settings.documents_in_work),
        ),
    )
    uploads = Uploads(
        database=database,
        catalogue=catalogue,
        keys=keys,
        admission=admission,
        outbox=outbox,
        writes=writes,
        blobs=blobs,
        probe=probe,
        clock=clock,
        limits=limits,
    )
    conversations = Conversations(
        database=database,
        conversations=said,
        catalogue=catalogue,
        tasks=tasks,
        places=places,
        outbox=outbox,
        writes=writes,
        clock=clock,
        limits=limits,
        attachments=Attachments(uploads=uploads, catalogue=catalogue, keys=keys),
    )
    documents = Documents(
        database=database, catalogue=catalogue, outbox=outbox, writes=writes, clock=clock
    )
    knowledge_bases = KnowledgeBases(
        database=database,
        catalogue=catalogue,
        keys=keys,
        tasks=tasks,
        outbox=outbox,
        writes=writes,
        clock=clock,
    )
    cases = UseCases(
        access=access,
        rates=Rates(per_second=limits.requests_per_second, clock=clock),
        knowledge_bases=knowledge_bases,
        directory=Directory(
            database=database,
            catalogue=catalogue,
            store=SqlDirectoryStore(),
            knowledge_bases=knowledge_bases,
            writes=writes,
            clock=clock,
        ),
        sharing=Sharing(
            database=database,
            catalogue=catalogue,
            keys=keys,
            store=SqlShareStore(),
            writes=writes,
            clock=clock,
        ),
        uploads=uploads,
        documents=documents,
        conversations=conversations,
        search=search,
        memories=Memories(
            database=database,
            catalogue=catalogue,
            conversations=said,
            tasks=tasks,
            places=places,
            outbox=outbox,
            writes=writes,
            records=records,
            clock=clock,
            limits=limits,
        ),
        desk=FeedbackDesk(
            database=database,
            catalogue=catalogue,
            conversations=said,
            tasks=tasks,
            places=places,
            outbox=outbox,
            writes=writes,
            records=records,
            preview=preview,
            clock=clock,
            limits=limits,
        ),
        assistant=Assistant(
            search=search,
            conversations=conversations,
            chat_model=chat_model,
            reranker=reranker,
        ),
        overview=Overview(access=access, documents=documents, records=records, clock=clock),
        limits=limits,
    )
    upkeep = Upkeep(
        database=database,
        catalogue=catalogue,
        writes=writes,
        blobs=blobs,
        clock=clock,
        limits=limits,
    )
    checks = {"database": database.check, "blobs": blobs.check}
    if health is None:
        health = Health()
        health.started = True
        for name, check in checks.items():
            health.add(name, check)

    watchdog = Watchdog(
        database=database,
        store=SqlWatchStore(),
        outbox=outbox,
        lag=lag,
        clock=clock,
        patience=Patience(seconds=settings.still_seconds, times=settings.still_times),
    )

    async def bootstrap() -> str | None:
        key = settings.bootstrap_key
        return await access.bootstrap(
            None if key is None else key.get_secret_value(), settings.bootstrap_plan
        )

    def serve(server: Any) -> None:
        memloom_pb2_grpc.add_MemloomServicer_to_server(MemloomServicer(cases), server)

    parts = ServiceParts(
        name=Service.GATEWAY,
        database=database,
        subscriptions=subscriptions(
            Projections(
                catalogue=catalogue, keys=keys, tasks=tasks, admission=admission, clock=clock
            )
        ),
        tasks=(
            partial(_repeat, upkeep.once, settings.upkeep_seconds, clock),
            partial(_repeat, watchdog.once, settings.watch_seconds, clock),
            partial(_repeat, admission.once, settings.admit_seconds, clock),
        ),
        checks={"database": database.check},
        background_checks={"blobs": blobs.check},
    )
    return Gateway(
        parts=parts,
        asgi=build_rest(cases, health=health, cors_origins=settings.cors_origins),
        grpc=(serve,),
        grpc_services=(SERVICE_NAME,),
        access=access,
        cases=cases,
        bootstrap=bootstrap,
    )


async def _repeat(round_: Callable[[], Awaitable[object]], seconds: float, clock: Clock) -> None:
    """A round, a pause, for ever."""
    while True:
        with suppress(DependencyUnavailable):  # the next round finds the same to do
            await round_()
        await clock.sleep(seconds)


class GatewayProcess(ProcessSettings):
    """Settings of `python -m services.gateway`."""

    host: str = Field(default="127.0.0.1", description="Address of REST and public gRPC.")
    port: int = Field(default=8080, description="Port of REST and console.")
    grpc_port: int = Field(default=50051, description="Port of the public gRPC.")
    bootstrap_key: SecretStr | None = Field(
        default=None, description="API key of the default project; at least 16 characters."
    )
    bootstrap_plan: Literal["free", "starter", "pro"] = Field(
        default="pro", description="Plan of the default project when it is made."
    )
    timezone: str = Field(default="Asia/Shanghai", description="Time zone of times that name none.")
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)


def with_short_names(
    settings: GatewaySettings, *, key: SecretStr | None, plan: str, timezone: str
) -> GatewaySettings:
    """The gateway's section with the variables that have short names of their own."""
    given = settings.model_dump() | {"bootstrap_plan": plan, "timezone": timezone}
    if key is not None:
        given["bootstrap_key"] = key
    return GatewaySettings.model_validate(given)


async def assemble(
    settings: GatewaySettings,
    resources: Resources,
    *,
    address: Address,
    say: Callable[[str], None],
) -> Assembly:
    """The gateway over what its process has, and its public front. say: tells people things."""
    outbox = RelayedOutbox(Service.GATEWAY, clock=resources.clock)
    token = resources.token
    gateway = build(
        settings,
        database=resources.database(Service.GATEWAY, METADATA, MIGRATIONS),
        blobs=resources.blobs,
        retrieval=GrpcRetrieval(resources.channel(Service.RETRIEVER), token=token),
        records=GrpcRecords(resources.channel(Service.MEMORIZER), token=token),
        preview=GrpcPreview(resources.channel(Service.FEEDBACK), token=token),
        probe=GrpcProbe(resources.channel(Service.INGEST), token=token),
        clock=resources.clock,
        outbox=outbox,
        chat_model=resources.models.chat,
        reranker=resources.models.reranker,
        lag=resources.sampler.fresh,
    )

    async def begun() -> None:
        key = await gateway.bootstrap()
        say(
            f"Memloom: http://{address.host}:{address.port} (REST, /docs), "
            f"gRPC on {address.grpc_port}"
        )
        if key is not None:
            say(f"API key of the default project, shown only now: {key}")

    front = Front(gateway.asgi, gateway.grpc, services=gateway.grpc_services, address=address)
    return Assembly(parts=[replace(gateway.parts, outbox=outbox)], fronts=[front], begun=begun)


@asynccontextmanager
async def access(resources: Resources) -> AsyncIterator[Access]:
    """Keys, projects and plans for the command line, also while a gateway runs."""
    database = resources.database(Service.GATEWAY, METADATA, MIGRATIONS)
    await database.migrate()
    try:
        yield Access(
            database=database,
            store=SqlKeyStore(),
            catalogue=SqlCatalogueStore(),
            clock=resources.clock,
        )
    finally:
        await database.close()


async def reopen(resources: Resources, document_id: str) -> None:
    """A document that had failed is being worked on again (a dead letter is replayed)."""
    database = resources.database(Service.GATEWAY, METADATA, MIGRATIONS)
    await database.migrate()
    store = SqlCatalogueStore()
    try:
        async with database.write() as tx:
            document = await store.document(tx, document_id, locked=True)
            if document is not None and document.state.outcome == "failed":
                state = replace(document.state, outcome="running", error_code=0, error_message="")
                # It moves from now on: the watchdog counts from here.
                now = resources.clock.now_ms()
                await store.save_document(tx, replace(document, state=state, updated_at=now))
    finally:
        await database.close()


def main() -> None:
    """Run the gateway alone."""

    async def alone(settings: GatewayProcess, resources: Resources) -> Assembly:
        section = with_short_names(
            settings.gateway,
            key=settings.bootstrap_key,
            plan=settings.bootstrap_plan,
            timezone=settings.timezone,
        )
        address = Address(host=settings.host, port=settings.port, grpc_port=settings.grpc_port)
        return await assemble(section, resources, address=address, say=print)

    main_of(Service.GATEWAY, GatewayProcess, alone)
