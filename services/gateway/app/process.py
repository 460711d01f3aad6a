"""The gateway as a process: its settings, its adapters, and what commands do to its tables."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from pydantic import Field, SecretStr, ValidationError

from services.gateway.app.build import build
from services.gateway.handlers.access import Access
from services.gateway.handlers.audit import AuditTrail
from services.gateway.handlers.dead_letters import reopen as reopen_document
from services.gateway.handlers.mending import Mending
from services.gateway.settings import BOOTSTRAP_PLAN, GatewaySettings
from services.gateway.store import (
    METADATA,
    MIGRATIONS,
    SqlAuditOfStores,
    SqlAuditStore,
    SqlCatalogueStore,
    SqlKeyStore,
)
from services.kernel.adapters.front import Address, Front, Manners
from services.kernel.adapters.http_fetcher import FetchRules, HttpFetcher
from services.kernel.adapters.preview_grpc import GrpcPreview
from services.kernel.adapters.probe_grpc import GrpcProbe
from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.adapters.records_grpc import GrpcRecords
from services.kernel.adapters.retrieval_grpc import GrpcRetrieval
from services.kernel.contracts.addresses import (
    check_host,
    check_url,
    is_allowed,
    name_from_url,
    parse_networks,
)
from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.topics import Service
from services.kernel.runtime.grpc_server import GrpcLimits
from services.kernel.runtime.http_limits import HttpLimits
from services.kernel.runtime.outbox import Outbox as RelayedOutbox


class GatewayProcess(ProcessSettings):
    """Settings of `python -m services.gateway`."""

    host: str = Field(default="127.0.0.1", description="Address of REST and public gRPC.")
    port: int = Field(default=8080, description="Port of REST and console.")
    grpc_port: int = Field(default=50051, description="Port of the public gRPC.")
    bootstrap_key: SecretStr | None = Field(
        default=None, description="API key of the default project; at least 16 characters."
    )
    bootstrap_plan: str = Field(default="", description=BOOTSTRAP_PLAN)
    timezone: str = Field(default="Asia/Shanghai", description="Time zone of times that name none.")
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)


def with_short_names(
    settings: GatewaySettings, *, key: SecretStr | None, plan: str, timezone: str
) -> GatewaySettings:
    """The gateway's section with the variables that have short names of their own."""
    given = settings.model_dump() | {"timezone": timezone}
    if plan:
        given["bootstrap_plan"] = plan
    if key is not None:
        given["bootstrap_key"] = key
    try:
        return GatewaySettings.model_validate(given)
    except ValidationError as error:
        told = [str(detail["msg"]).removeprefix("Value error, ") for detail in error.errors()]
        raise InvalidInput("\n".join(told)) from error


def webhook_sender(settings: GatewaySettings) -> HttpFetcher:
    """The guarded way to receivers of webhooks, by the rules of fetching."""
    networks = parse_networks(settings.webhook_private_cidrs)
    return HttpFetcher(
        FetchRules(
            check_url=check_url,
            check_host=check_host,
            is_allowed=partial(is_allowed, allowed_private=networks),
            name_from_url=name_from_url,
            connect_timeout=settings.webhook_timeout,
            read_timeout=settings.webhook_timeout,
            total_timeout=settings.webhook_timeout,
            private_setting="MEMLOOM_GATEWAY__WEBHOOK_PRIVATE_CIDRS",
        )
    )


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
    sender = webhook_sender(settings)
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
        sender=sender,
        chat_model=resources.models.chat,
        reranker=resources.models.reranker,
        lag=resources.sampler.fresh,
        dead_letters=resources.bus,
    )

    async def begun() -> None:
        key = await gateway.bootstrap()
        say(
            f"Memloom: http://{address.host}:{address.port} (REST, /docs), "
            f"gRPC on {address.grpc_port}"
        )
        if key is not None:
            say(f"API key of the default project, shown only now: {key}")

    runtime = resources.settings.runtime
    manners = Manners(
        http=HttpLimits.of(runtime),
        grpc=GrpcLimits.of(runtime),
        reflecting=settings.grpc_reflection,
        details=settings.grpc_error_details,
    )
    front = Front(
        gateway.asgi,
        gateway.grpc,
        services=gateway.grpc_services,
        address=address,
        manners=manners,
    )
    parts = replace(gateway.parts, outbox=outbox, close=(*gateway.parts.close, sender.close))
    return Assembly(parts=[parts], fronts=[front], begun=begun)


@asynccontextmanager
async def access(settings: GatewaySettings, resources: Resources) -> AsyncIterator[Access]:
    """Keys, projects and plans for the command line, also while a gateway runs."""
    database = resources.database(Service.GATEWAY, METADATA, MIGRATIONS)
    await database.migrate()
    audit = AuditTrail(
        database=database,
        store=SqlAuditStore(),
        clock=resources.clock,
        kept_ms=settings.audit_ms,
    )
    try:
        yield Access(
            database=database,
            store=SqlKeyStore(),
            catalogue=SqlCatalogueStore(),
            audit=audit,
            plans=settings.plans(),
            clock=resources.clock,
        )
    finally:
        await database.close()


@asynccontextmanager
async def mending(resources: Resources) -> AsyncIterator[Mending]:
    """What compares the gateway's tables with other stores, also while a gateway runs."""
    database = resources.database(Service.GATEWAY, METADATA, MIGRATIONS)
    await database.migrate()
    try:
        yield Mending(
            database=database,
            store=SqlAuditOfStores(),
            catalogue=SqlCatalogueStore(),
            outbox=RelayedOutbox(Service.GATEWAY, clock=resources.clock),
            clock=resources.clock,
        )
    finally:
        await database.close()


async def reopen(resources: Resources, document_id: str) -> None:
    """A document that had failed is being worked on again (a dead letter is replayed)."""
    database = resources.database(Service.GATEWAY, METADATA, MIGRATIONS)
    await database.migrate()
    try:
        async with database.write() as tx:
            await reopen_document(tx, SqlCatalogueStore(), document_id, resources.clock.now_ms())
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
