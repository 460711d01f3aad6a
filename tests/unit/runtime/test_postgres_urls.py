"""PostgreSQL's URLs as people write them, against a server that only listens to the greeting."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import make_url

from services.kernel.adapters.servers import open_database
from services.kernel.adapters.sql.postgres import Pool, postgres_engine
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.contracts.topics import Service
from services.kernel.runtime.connections import ConnectionSettings, PostgresSettings
from tests.support.sql import METADATA, MIGRATIONS

# https://www.postgresql.org/docs/current/protocol-message-formats.html
SSL_REQUEST = 80877103
STARTUP = 196608


@asynccontextmanager
async def listening(greetings: list[int]) -> AsyncIterator[int]:
    """A port whose server notes the code of each first message, and hangs up."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, code = struct.unpack("!ii", await reader.readexactly(8))
        greetings.append(code)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _greeted(url: str) -> set[int]:
    """With what a service's database greets the server."""
    greetings: list[int] = []
    async with listening(greetings) as port:
        settings = ConnectionSettings(postgres=PostgresSettings(url=url.format(port=port)))
        database = open_database(
            settings, Service.GATEWAY, data=Path(), metadata=METADATA, migrations=MIGRATIONS
        )
        with pytest.raises(DependencyUnavailable):
            await database.check()
        await database.close()
    return set(greetings)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("?sslmode=disable", {STARTUP}),
        ("?sslmode=require", {SSL_REQUEST}),
        ("?sslmode=verify-full&sslrootcert=system&connect_timeout=5", {SSL_REQUEST}),
        ("?sslmode=verify-ca&application_name=mine", {SSL_REQUEST}),
    ],
)
async def test_common_urls_reach_the_server(scheme: str, query: str, first: set[int]) -> None:
    assert await _greeted(f"{scheme}://me:secret@127.0.0.1:{{port}}/db{query}") == first


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?sslmode=sometimes", "sslmode is 'sometimes'"),
        ("?sslrootcert=/nowhere/ca.pem", "sslrootcert names /nowhere/ca.pem"),
        ("?channel_binding=require", "'channel_binding', which is not supported"),
        ("?connect_timeout=soon", "connect_timeout is 'soon'"),
    ],
)
async def test_what_cannot_be_done_is_a_sentence(query: str, says: str) -> None:
    settings = ConnectionSettings(
        postgres=PostgresSettings(url=f"postgres://127.0.0.1:1/db{query}")
    )
    database = open_database(
        settings, Service.GATEWAY, data=Path(), metadata=METADATA, migrations=MIGRATIONS
    )
    with pytest.raises(InvalidInput, match=says):
        await database.migrate()


def test_another_server_is_refused() -> None:
    with pytest.raises(ValidationError, match="postgresql://"):
        PostgresSettings(url="mysql://me@there/db")


async def test_the_pool_is_as_large_as_was_set() -> None:
    url = make_url("postgresql+asyncpg://127.0.0.1:1/db")
    engine = postgres_engine(url, schema=None, pool=Pool(size=3, overflow=2, seconds=1.5))
    assert "size: 3" in engine.pool.status()
    assert engine.sync_engine.pool._max_overflow == 2  # type: ignore[attr-defined] # only the pool knows
    await engine.dispose()
