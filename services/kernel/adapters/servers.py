"""Which adapter stands behind each port: a server where its address is set, else the local one.

For composition roots. Every choice is made on its own: Kafka with SQLite is as good as all
servers. What is opened is the caller's to close. Drivers are imported where they are chosen: the
heavy ones cost a process seconds at its start.
"""

from pathlib import Path
from typing import Protocol

from sqlalchemy import MetaData

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.sql import Pool, SqlDatabase
from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.bus import Bus, DeadLetters
from services.kernel.ports.clock import Clock
from services.kernel.ports.generations import Generations
from services.kernel.runtime.connections import ConnectionSettings


class OpenBus(Bus, DeadLetters, Protocol):
    """A bus with its dead letters, as both adapters are."""

    async def check(self) -> None:
        """DependencyUnavailable when it cannot be used now."""
        ...

    async def close(self) -> None:
        """Stop at once and release files and connections."""
        ...


def open_bus(
    connections: ConnectionSettings,
    *,
    data: Path,
    client_id: str,
    clock: Clock,
    space: DiskSpace | None = None,
) -> OpenBus:
    """Kafka, or the file `bus.db` in the data folder. Connects at first use."""
    if connections.kafka.bootstrap:
        from services.kernel.adapters.kafka_bus import KafkaBus  # noqa: PLC0415 - see above

        return KafkaBus(connections.kafka, client_id=f"memloom-{client_id}", clock=clock)
    return SqliteBus(data / "bus.db", clock=clock, space=space)


def open_database(
    connections: ConnectionSettings,
    service: Service,
    *,
    data: Path,
    metadata: MetaData,
    migrations: Path,
    space: DiskSpace | None = None,
) -> SqlDatabase:
    """The service's own database: on PostgreSQL, or its file in the data folder. In a
    PostgreSQL database that several services share, each has a schema of its name.
    """
    postgres = connections.postgres
    if not postgres.url:
        url = f"sqlite+aiosqlite:///{data / f'{service.value}.db'}"
        return SqlDatabase(url, metadata=metadata, migrations=migrations, space=space)
    return SqlDatabase(
        postgres.url_for(service.value),
        metadata=metadata,
        migrations=migrations,
        pool=Pool(postgres.pool_size, postgres.pool_overflow, postgres.pool_seconds),
        schema=None if postgres.one_each else f"memloom_{service.value}",
    )


def open_generations(
    connections: ConnectionSettings, *, data: Path, space: DiskSpace | None = None
) -> Generations:
    """The index's generations: on a Qdrant server, or in the folder `index`, which one process
    holds.
    """
    qdrant = connections.qdrant
    if not qdrant.url:
        from services.kernel.adapters.qdrant_edge_generations import (  # noqa: PLC0415 - see above
            EdgeGenerations,
        )

        return EdgeGenerations(data / "index", space=space.below("index") if space else None)
    from qdrant_client import AsyncQdrantClient  # noqa: PLC0415 - see above

    from services.kernel.adapters.qdrant_server_generations import (  # noqa: PLC0415 - see above
        ServerGenerations,
    )

    client = AsyncQdrantClient(
        url=qdrant.url,
        grpc_port=qdrant.grpc_port,
        prefer_grpc=True,
        api_key=qdrant.api_key.get_secret_value() if qdrant.api_key else None,
        timeout=int(qdrant.timeout_seconds),
    )
    return ServerGenerations(client)


def blobs_on_minio(connections: ConnectionSettings) -> Blobs | None:
    """Blobs on MinIO, or None where no server is named."""
    if not connections.minio.endpoint:
        return None
    from services.kernel.adapters.minio_blobs import MinioBlobs  # noqa: PLC0415 - see above

    return MinioBlobs(connections.minio)
