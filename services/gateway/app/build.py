"""Composition root of the gateway: builds the use cases and their entrances over given ports."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from memloom.v1 import memloom_pb2_grpc

from services.gateway.app.gateway import Gateway
from services.gateway.handlers.access import Access
from services.gateway.handlers.admission import Admission, Share
from services.gateway.handlers.attachments import Attachments
from services.gateway.handlers.audit import AuditTrail
from services.gateway.handlers.calls import Writes
from services.gateway.handlers.changes import Changes
from services.gateway.handlers.chat import Assistant
from services.gateway.handlers.conversations import Conversations
from services.gateway.handlers.dead_letters import DeadLetterDesk
from services.gateway.handlers.deletions import Deletions
from services.gateway.handlers.directory import Directory
from services.gateway.handlers.document_contents import DocumentContents
from services.gateway.handlers.document_directory import DocumentDirectory
from services.gateway.handlers.documents import Documents
from services.gateway.handlers.door import Gate, RequestAuth
from services.gateway.handlers.feedback import FeedbackDesk
from services.gateway.handlers.key_admin import KeyAdmin
from services.gateway.handlers.knowledgebases import KnowledgeBases
from services.gateway.handlers.memories import Memories
from services.gateway.handlers.notifications import Notifications
from services.gateway.handlers.overview import Overview
from services.gateway.handlers.people import People
from services.gateway.handlers.ports import Outbox
from services.gateway.handlers.profiles import Profiles
from services.gateway.handlers.projections import Projections
from services.gateway.handlers.projects import Projects
from services.gateway.handlers.quotas import Quotas
from services.gateway.handlers.rates import KeyFailures, Rates
from services.gateway.handlers.search import Search
from services.gateway.handlers.sharing import Sharing
from services.gateway.handlers.shedding import SearchTurns
from services.gateway.handlers.upkeep import Upkeep
from services.gateway.handlers.uploads import Uploads
from services.gateway.handlers.usage import Meter
from services.gateway.handlers.usecases import UseCases
from services.gateway.handlers.watchdog import Lag, Patience, Watchdog
from services.gateway.handlers.webhooks import (
    WebhookDispatcher,
    WebhookQueue,
    Webhooks,
    WebhookSender,
)
from services.gateway.routes import build_rest
from services.gateway.servicer import SERVICE_NAME, MemloomServicer
from services.gateway.settings import GatewaySettings
from services.gateway.store import (
    SqlAuditStore,
    SqlCatalogueStore,
    SqlChangeStore,
    SqlConversationStore,
    SqlDeletionStore,
    SqlDirectoryStore,
    SqlKeyStore,
    SqlPeopleStore,
    SqlPlaceStore,
    SqlProfileStore,
    SqlQueueStore,
    SqlRateStore,
    SqlRepeatStore,
    SqlScopeStore,
    SqlShareStore,
    SqlTaskStore,
    SqlUsageStore,
    SqlWatchStore,
    SqlWebhookStore,
)
from services.gateway.subscriptions import subscriptions
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.bus import DeadLetters
from services.kernel.ports.clock import Clock
from services.kernel.ports.models import ChatModel, Reranker
from services.kernel.ports.preview import Preview, Probe
from services.kernel.ports.records import Records
from services.kernel.ports.retrieval import Retrieval
from services.kernel.ports.store import Database
from services.kernel.runtime.health import Health
from services.kernel.runtime.lifecycle import ServiceParts


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
    sender: WebhookSender,
    chat_model: ChatModel | None = None,
    reranker: Reranker | None = None,
    health: Health | None = None,
    lag: Lag = dict,
    dead_letters: DeadLetters | None = None,
) -> Gateway:
    """The gateway over the given ports. outbox: the runtime's, of the gateway's database. health:
    the process's, else the gateway's own. lag: as `Watchdog` asks for it; by default unknown.
    dead_letters: of the bus.
    """
    limits = settings.limits()
    catalogue, keys, tasks = SqlCatalogueStore(), SqlKeyStore(), SqlTaskStore()
    said, places = SqlConversationStore(), SqlPlaceStore()
    plans = settings.plans()
    audit = AuditTrail(
        database=database, store=SqlAuditStore(), clock=clock, kept_ms=settings.audit_ms
    )
    writes = Writes(
        database=database, store=SqlRepeatStore(), audit=audit, clock=clock, limits=limits
    )
    access = Access(
        database=database, store=keys, catalogue=catalogue, audit=audit, plans=plans, clock=clock
    )
    quotas = Quotas(catalogue=catalogue, keys=keys, plans=plans)
    rates = Rates(
        database=database,
        store=SqlRateStore(),
        clock=clock,
        requests=settings.request_rate(),
        tokens=settings.token_rate(),
        plans=plans,
    )
    gate = Gate(rates=rates, lag=lag, deepest=settings.deepest_queue)
    hooks = SqlWebhookStore()
    deletions = Deletions(database=database, store=SqlDeletionStore(), clock=clock)
    meter = Meter(
        database=database,
        store=SqlUsageStore(),
        clock=clock,
        flush_seconds=settings.flush_seconds,
    )
    profiles = Profiles(database=database, store=SqlProfileStore(), clock=clock)
    search = Search(
        profiles=profiles,
        meter=meter,
        database=database,
        gate=gate,
        turns=SearchTurns(limits=settings.search_limits(), clock=clock),
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
        meter=meter,
        database=database,
        catalogue=catalogue,
        quotas=quotas,
        admission=admission,
        outbox=outbox,
        writes=writes,
        gate=gate,
        blobs=blobs,
        probe=probe,
        clock=clock,
        limits=limits,
    )
    attachments = Attachments(uploads=uploads, catalogue=catalogue, quotas=quotas)
    conversations = Conversations(
        database=database,
        conversations=said,
        catalogue=catalogue,
        tasks=tasks,
        places=places,
        outbox=outbox,
        writes=writes,
        gate=gate,
        clock=clock,
        limits=limits,
        attachments=attachments,
        meter=meter,
        asks_model=chat_model is not None,
    )
    documents = Documents(
        database=database,
        catalogue=catalogue,
        outbox=outbox,
        writes=writes,
        clock=clock,
        deletions=deletions,
    )
    knowledge_bases = KnowledgeBases(
        database=database,
        catalogue=catalogue,
        keys=keys,
        tasks=tasks,
        outbox=outbox,
        writes=writes,
        quotas=quotas,
        clock=clock,
        unlinked_ms=settings.unlinked_ms,
        deletions=deletions,
    )
    memories = Memories(
        profiles=profiles,
        database=database,
        catalogue=catalogue,
        conversations=said,
        tasks=tasks,
        places=places,
        outbox=outbox,
        writes=writes,
        gate=gate,
        records=records,
        clock=clock,
        limits=limits,
        deletions=deletions,
    )
    cases = UseCases(
        access=access,
        auth=RequestAuth(
            access=access,
            rates=rates,
            failures=KeyFailures(clock=clock, allowance=settings.failure_rate()),
        ),
        knowledge_bases=knowledge_bases,
        directory=Directory(
            database=database,
            catalogue=catalogue,
            store=SqlDirectoryStore(),
            knowledge_bases=knowledge_bases,
            writes=writes,
            clock=clock,
        ),
        document_directory=DocumentDirectory(
            database=database,
            catalogue=catalogue,
            store=SqlDirectoryStore(),
            documents=documents,
            records=records,
            clock=clock,
        ),
        document_contents=DocumentContents(documents=documents, blobs=blobs),
        sharing=Sharing(
            database=database,
            catalogue=catalogue,
            keys=keys,
            store=SqlShareStore(),
            writes=writes,
            quotas=quotas,
            clock=clock,
        ),
        deletions=deletions,
        profiles=profiles,
        uploads=uploads,
        documents=documents,
        conversations=conversations,
        search=search,
        memories=memories,
        changes=Changes(
            database=database,
            store=SqlChangeStore(),
            clock=clock,
            limits=settings.stream_limits(),
        ),
        dead_letters=DeadLetterDesk(
            letters=dead_letters, database=database, catalogue=catalogue, clock=clock
        ),
        people=People(
            database=database,
            store=SqlPeopleStore(),
            records=records,
            memories=memories,
            conversations=conversations,
        ),
        desk=FeedbackDesk(
            database=database,
            catalogue=catalogue,
            conversations=said,
            tasks=tasks,
            places=places,
            outbox=outbox,
            writes=writes,
            gate=gate,
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
            meter=meter,
        ),
        overview=Overview(access=access, plans=plans),
        keys=KeyAdmin(access=access, clock=clock, overlap_ms=settings.key_overlap_ms),
        audit=audit,
        meter=meter,
        webhooks=Webhooks(database=database, store=hooks, sender=sender, audit=audit, clock=clock),
        projects=Projects(access=access, plans=plans),
        limits=limits,
    )
    upkeep = Upkeep(
        database=database,
        catalogue=catalogue,
        writes=writes,
        rates=rates,
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

    dispatcher = WebhookDispatcher(
        database=database,
        store=hooks,
        sender=sender,
        clock=clock,
        policy=settings.webhook_policy(),
    )
    notifications = Notifications(
        queue=WebhookQueue(store=hooks, clock=clock), tasks=tasks, attachments=attachments
    )

    async def keep_up() -> None:
        await cases.knowledge_bases.purge_unlinked()
        await audit.prune()
        await dispatcher.prune()
        await meter.prune()
        await upkeep.once()

    async def flush() -> None:
        await access.flush_use()
        await audit.flush()
        await meter.flush()

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
            None if key is None else key.get_secret_value(), settings.first_plan()
        )

    def serve(server: Any) -> None:
        memloom_pb2_grpc.add_MemloomServicer_to_server(MemloomServicer(cases), server)

    parts = ServiceParts(
        name=Service.GATEWAY,
        database=database,
        subscriptions=subscriptions(
            Projections(
                catalogue=catalogue,
                keys=keys,
                tasks=tasks,
                admission=admission,
                notifications=notifications,
                meter=meter,
                clock=clock,
            ),
            deletions,
        ),
        tasks=(
            partial(_repeat, keep_up, settings.upkeep_seconds, clock),
            partial(_repeat, watchdog.once, settings.watch_seconds, clock),
            partial(_repeat, admission.once, settings.admit_seconds, clock),
            partial(_repeat, flush, settings.flush_seconds, clock),
            partial(_repeat, dispatcher.once, settings.webhook_seconds, clock),
        ),
        checks={"database": database.check},
        background_checks={"blobs": blobs.check},
        close=(flush,),
    )
    return Gateway(
        parts=parts,
        asgi=build_rest(cases, health=health, cors_origins=settings.cors_origins),
        grpc=(serve,),
        grpc_services=(SERVICE_NAME,),
        access=access,
        cases=cases,
        bootstrap=bootstrap,
        dispatcher=dispatcher,
    )


async def _repeat(round_: Callable[[], Awaitable[object]], seconds: float, clock: Clock) -> None:
    """A round, a pause, for ever."""
    while True:
        with suppress(DependencyUnavailable):  # the next round finds the same to do
            await round_()
        await clock.sleep(seconds)
