"""One process: its settings, the adapters that they choose, and its life from start to drain.

A service alone and the whole system in one process are built from the same pieces; only how many
services, and where their peers are, differs.
"""

import argparse
import asyncio
import gc
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

import grpc
from pydantic import BaseModel, Field
from sqlalchemy import MetaData

from services.kernel.adapters.data_folder import Door, door_of, held, make_private
from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.filesystem_blobs import FilesystemBlobs
from services.kernel.adapters.front import Front
from services.kernel.adapters.model_clients import Models, open_models
from services.kernel.adapters.peer_channel import open_channel
from services.kernel.adapters.servers import (
    OpenBus,
    blobs_on_minio,
    open_bus,
    open_database,
    open_generations,
)
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.errors import InvalidInput, MemloomError
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.generations import Generations
from services.kernel.ports.index import Identity, Index
from services.kernel.ports.models import LexicalEncoder
from services.kernel.runtime import logging, tracing
from services.kernel.runtime.connections import ConnectionSettings, PeerSettings
from services.kernel.runtime.lifecycle import Runtime, ServiceParts, stop_signals
from services.kernel.runtime.metrics import LagSampler
from services.kernel.runtime.model_settings import ModelSettings
from services.kernel.runtime.settings import RuntimeSettings, Settings, describe, load

__all__ = [
    "Assembly",
    "ProcessSettings",
    "Resources",
    "in_one_process",
    "main_of",
    "of_running",
    "opened",
    "running",
    "start",
]

# How records are cut: part of what an index was made with.
SEGMENTATION: Final = "1"
_SWITCH_SECONDS: Final = 0.0005


class ProcessSettings(ConnectionSettings, ModelSettings, Settings):
    """What every process has, beside the sections of its services."""

    data: Path = Field(
        default=Path("data"), description="Folder of everything that no server keeps."
    )
    disk_reserve_bytes: int = Field(
        default=256 << 20,
        ge=0,
        description="Bytes that stay free on the disk of the data folder: where fewer are, nothing "
        "is stored until there is room again, and searches go on; 0 fills the disk, which can end "
        "the process.",
    )
    runtime: RuntimeSettings = Field(default_factory=RuntimeSettings)

    @property
    def space(self) -> DiskSpace:
        """The disk of the data folder, with its reserve."""
        return DiskSpace(self.data, reserve=self.disk_reserve_bytes)

    @property
    def keeps_files(self) -> bool:
        """Whether anything is kept in the data folder, not on a server."""
        servers = (self.kafka.bootstrap, self.minio.endpoint, self.postgres.url, self.qdrant.url)
        return not all(servers)

    @property
    def makes_index(self) -> bool:
        """Whether a start will make an empty index in the data folder."""
        return not self.qdrant.url and not (self.data / "index").is_dir()


class Resources:
    """What the services of a process share, opened once and closed in reverse."""

    def __init__(
        self,
        settings: ProcessSettings,
        *,
        name: str,
        bus: OpenBus,
        models: Models,
        stack: AsyncExitStack,
    ) -> None:
        self.settings = settings
        self.name = name
        self.bus = bus
        self.clock = SystemClock()
        self.sampler = LagSampler(bus, clock=self.clock, seconds=settings.runtime.sample_seconds)
        self.models = models
        self.token = _token(settings)
        self._stack = stack
        self._blobs: Blobs | None = None
        self._generations: Generations | None = None
        self._channels: dict[str, grpc.aio.Channel] = {}

    @property
    def blobs(self) -> Blobs:
        """MinIO, or files below the data folder."""
        if self._blobs is None:
            self._blobs = blobs_on_minio(self.settings) or FilesystemBlobs(
                self.settings.data, space=self.settings.space
            )
        return self._blobs

    @cached_property
    def encoder(self) -> LexicalEncoder:
        """Words to sparse vectors."""
        # It knows many languages, which takes a while to load; few services need it.
        from services.kernel.adapters.lexical import LexicalBm25  # noqa: PLC0415 - see above

        return LexicalBm25()

    @property
    def generations(self) -> Generations:
        """All generations of the index."""
        if self._generations is None:
            self._generations = open_generations(
                self.settings, data=self.settings.data, space=self.settings.space
            )
            self._stack.push_async_callback(self._generations.close)
        return self._generations

    def identity(self) -> Identity:
        """What a generation is made with now."""
        embedder = self.models.embedder
        return Identity(
            embedder=embedder.identity if embedder else "none",
            dimension=embedder.dimension if embedder else 0,
            encoder=self.encoder.identity,
            segmentation=SEGMENTATION,
        )

    async def index(self) -> Index:
        """The serving generation; InvalidInput when it was made with other models."""
        await self.generations.ensure(self.identity())
        return self.generations.serving()

    def database(self, service: Service, metadata: MetaData, migrations: Path) -> SqlDatabase:
        """The service's own database."""
        return open_database(
            self.settings,
            service,
            data=self.settings.data,
            metadata=metadata,
            migrations=migrations,
            space=self.settings.space,
        )

    def channel(self, peer: Service) -> grpc.aio.Channel:
        """To a service's internal gRPC; connects at first use."""
        address = str(getattr(self.settings.peers, peer.value))
        if address not in self._channels:
            channel = open_channel(address)
            self._channels[address] = channel
            self._stack.push_async_callback(channel.close, None)
        return self._channels[address]


def _token(settings: ProcessSettings) -> str:
    token = settings.runtime.service_token
    return token.get_secret_value() if token is not None else ""


@dataclass(frozen=True, slots=True)
class Assembly:
    """What a process runs: services, and what serves the public once they run.

    begun: called once everything is migrated and started, before the fronts open.
    """

    parts: Sequence[ServiceParts]
    fronts: Sequence[Front] = ()
    begun: Callable[[], Awaitable[None]] | None = None


P = TypeVar("P", bound=ProcessSettings)
Assemble = Callable[[P, Resources], Awaitable[Assembly]]


@asynccontextmanager
async def opened(settings: ProcessSettings, *, name: str) -> AsyncIterator[Resources]:
    """The resources of a process."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(make_private, settings.data)
        models = await open_models(settings)
        stack.push_async_callback(models.close)
        bus = open_bus(
            settings, data=settings.data, client_id=name, clock=SystemClock(), space=settings.space
        )
        yield Resources(settings, name=name, bus=bus, models=models, stack=stack)


@asynccontextmanager
async def running(
    settings: P, assemble: Assemble[P], *, name: str, alone: bool = False
) -> AsyncIterator[Runtime]:
    """A process's services, started; drained and released at the end. alone: no other process
    writes into the data folder, so what a killed one left half written is swept away.
    """
    if settings.keeps_files:
        settings.space.require_to_start(index=settings.makes_index)
    async with opened(settings, name=name) as resources:
        if alone and isinstance(resources.blobs, FilesystemBlobs):
            await resources.blobs.sweep(0.0, now=resources.clock.now_ms() / 1000)
        assembly = await assemble(settings, resources)
        runtime = Runtime(
            assembly.parts,
            bus=resources.bus,
            clock=resources.clock,
            settings=settings.runtime,
            sampler=resources.sampler,
        )
        try:
            if settings.keeps_files:
                runtime.health.add("disk", settings.space.check, at_once=True)
            for front in assembly.fronts:
                await front.bind(runtime.health, runtime.metrics)
            await runtime.start()
            if assembly.begun is not None:
                await assembly.begun()
            for front in assembly.fronts:
                await front.start()
            yield runtime
        finally:
            runtime.health.stopping = True
            if runtime.health.started:
                await resources.clock.sleep(settings.runtime.leave_seconds)
            for front in reversed(assembly.fronts):
                await front.stop(settings.runtime.grace_seconds)
            await runtime.stop()


async def run_process(
    settings: P, assemble: Assemble[P], *, name: str, alone: bool = False
) -> None:
    """Start, wait for SIGTERM or SIGINT, drain, and release everything."""
    # A signal during the start ends it too, after it; a second one during the drain is ignored.
    with stop_signals() as until:
        async with running(settings, assemble, name=name, alone=alone):
            _keep_latency_low()
            await until.wait()


def _keep_latency_low() -> None:
    """Settings of the interpreter for a server: requests share it with the work on documents."""
    # A search hands over a dozen times between the event loop and threads, and waits so long for
    # the interpreter's lock each time: p95 during ingestion 1.5 times the idle one, 2.1 at 5 ms.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # Modules and tables live as long as the process: 300,000 objects that a full collection would
    # look through each time, 0.2 s within a request.
    gc.collect()
    gc.freeze()


@contextmanager
def in_one_process(settings: P) -> Iterator[P]:
    """The same settings, with internal gRPC on a private socket and a token drawn at random, and
    the data folder for this process alone (InvalidInput where another one has it).

    The socket's folder is readable by this user alone, and short: a socket's path may have no
    more than about 100 characters.
    """
    if settings.keeps_files:
        settings.space.require_to_start(index=settings.makes_index)
    with (
        held(settings.data) as announce,
        tempfile.TemporaryDirectory(prefix="memloom-") as folder,
    ):
        address = f"unix:{folder}/grpc"
        runtime = settings.runtime.model_copy(update={"grpc_host": address, "grpc_port": 0})
        if runtime.service_token is None:
            runtime = RuntimeSettings.model_validate(
                runtime.model_dump() | {"service_token": secrets.token_urlsafe(32)}
            )
        ours = _reaching(settings.model_copy(update={"runtime": runtime}), address)
        announce(Door(address, _token(ours)))
        yield ours


def of_running(settings: P) -> P | None:
    """The same settings, to call the process that runs on the data folder; None where none does."""
    door = door_of(settings.data)
    if door is None:
        return None
    runtime = RuntimeSettings.model_validate(
        settings.runtime.model_dump() | {"service_token": door.token}
    )
    return _reaching(settings.model_copy(update={"runtime": runtime}), door.address)


def _reaching(settings: P, address: str) -> P:
    peers = PeerSettings(ingest=address, memorizer=address, retriever=address, feedback=address)
    return settings.model_copy(update={"peers": peers})


def start(settings: P, assemble: Assemble[P], *, name: str, alone: bool = False) -> None:
    """Logs and traces, then the process; a MemloomError at the start is a sentence and exit 2.
    alone: as of `running`.
    """
    logging.setup(name, level=settings.runtime.log_level, json=settings.runtime.log_json)
    provider = tracing.setup(name, endpoint=settings.runtime.otlp_endpoint)
    try:
        asyncio.run(run_process(settings, assemble, name=name, alone=alone))
    except MemloomError as error:
        sys.stderr.write(f"{error.message}\n")
        raise SystemExit(2) from error
    finally:
        provider.shutdown()


def main_of(service: Service, kind: type[P], assemble: Assemble[P]) -> None:
    """`python -m services.<service>`: one service on the servers that the environment names."""
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service.value}",
        description=f"Run the {service.value} service. All settings are environment variables:",
        epilog=settings_text(kind),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    try:
        settings = load(kind)
    except InvalidInput as error:
        sys.stderr.write(f"{error.message}\n")
        raise SystemExit(2) from error
    start(settings, assemble, name=service.value)


def settings_text(kind: type[BaseModel]) -> str:
    """Every variable with its default and meaning, for people."""
    lines = []
    for setting in describe(kind):
        default = f" [{setting.default}]" if setting.default else ""
        lines.append(f"{setting.name}{default}\n    {setting.description}".rstrip())
    return "\n".join(lines)
