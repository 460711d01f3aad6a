"""Composition root of ingest: chooses adapters, builds the parts."""

from functools import partial
from typing import Any

from memloom.v1 import probe_pb2_grpc
from pydantic import Field

from services.ingest.handlers import Documents
from services.ingest.servicer import ProbeServicer
from services.ingest.settings import IngestSettings
from services.ingest.store import METADATA, MIGRATIONS, SqlDocumentStore
from services.ingest.subscriptions import subscriptions
from services.kernel.adapters.http_fetcher import FetchRules, HttpFetcher
from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.contracts.addresses import (
    check_host,
    check_url,
    is_allowed,
    name_from_url,
    parse_networks,
)
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.store import Database
from services.kernel.runtime.lifecycle import ServiceParts


def build_fetcher(settings: IngestSettings) -> HttpFetcher:
    """The guarded way to documents of other hosts."""
    networks = parse_networks(settings.allowed_private_cidrs)
    return HttpFetcher(
        FetchRules(
            check_url=check_url,
            check_host=check_host,
            is_allowed=partial(is_allowed, allowed_private=networks),
            name_from_url=name_from_url,
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            total_timeout=settings.total_timeout,
            probe_timeout=settings.probe_timeout,
            min_rate=settings.min_rate,
            rate_seconds=settings.rate_seconds,
            max_redirects=settings.max_redirects,
            attempts=settings.fetch_attempts,
            proxy=settings.proxy,
        )
    )


def build(settings: IngestSettings, *, database: Database, blobs: Blobs) -> ServiceParts:
    """The service's parts over the given stores."""
    fetcher = build_fetcher(settings)
    documents = Documents(
        database=database,
        store=SqlDocumentStore(),
        blobs=blobs,
        fetcher=fetcher,
        max_file_bytes=settings.max_file_bytes,
    )

    def serve(server: Any) -> None:
        probe_pb2_grpc.add_ProbeServicer_to_server(ProbeServicer(fetcher), server)

    return ServiceParts(
        name=Service.INGEST,
        database=database,
        subscriptions=subscriptions(
            documents, workers=settings.workers, fetch_workers=settings.fetch_workers
        ),
        servicers=(serve,),
        # `Probe` asks neither.
        background_checks={"database": database.check, "blobs": blobs.check},
        close=(fetcher.close,),
    )


class IngestProcess(ProcessSettings):
    """Settings of `python -m services.ingest`."""

    ingest: IngestSettings = Field(default_factory=IngestSettings)


async def assemble(settings: IngestSettings, resources: Resources) -> ServiceParts:
    """The service over what its process has."""
    database = resources.database(Service.INGEST, METADATA, MIGRATIONS)
    return build(settings, database=database, blobs=resources.blobs)


def main() -> None:
    """Run ingest alone."""

    async def alone(settings: IngestProcess, resources: Resources) -> Assembly:
        return Assembly(parts=[await assemble(settings.ingest, resources)])

    main_of(Service.INGEST, IngestProcess, alone)
