"""PostgreSQL through asyncpg: a pool; a schema of the service's own may be named, so that services
can share one database and never one table.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Executable, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from services.kernel.adapters.sql.errors import translated
from services.kernel.adapters.sql.postgres_url import split_url

T = TypeVar("T")
_CHECK_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Pool:
    """Connections of one database in one process: `size` are kept, up to `overflow` more are
    opened while those are busy; a caller waits `seconds` for one.
    """

    size: int = 8
    overflow: int = 8
    seconds: float = 30.0


class PostgresTransaction:
    """Implements `ports.store.Transaction`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._callbacks: list[Callable[[], None]] = []

    async def execute(
        self, statement: Executable, rows: Sequence[dict[str, Any]] | None = None
    ) -> int:
        if rows is not None and not rows:
            return 0
        with translated():
            result = await self._connection.execute(statement, rows)
        # The driver does not count every executemany.
        counted: int = result.rowcount
        return counted if counted >= 0 else len(rows or ())

    async def all(self, statement: Executable) -> list[RowMapping]:
        with translated():
            result = await self._connection.execute(statement)
        return list(result.mappings().all())

    async def first(self, statement: Executable) -> RowMapping | None:
        with translated():
            result = await self._connection.execute(statement)
        return result.mappings().first()

    def on_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    @property
    def dialect(self) -> str:
        return "postgresql"

    def committed(self) -> None:
        """Run what waited for the commit."""
        for callback in self._callbacks:
            callback()


class PostgresEngine:
    """One database, seen through one schema."""

    def __init__(self, url: URL, *, schema: str | None, pool: Pool) -> None:
        self._url = url
        self._schema = schema
        self._pool = pool
        self._checking: AsyncEngine | None = None
        self._engine: AsyncEngine | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[PostgresTransaction]:
        """One snapshot, and the server refuses writes."""
        snapshot = self._open().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        async with begun(snapshot) as connection:
            yield PostgresTransaction(connection)

    @asynccontextmanager
    async def write(self, *, small: bool = False) -> AsyncIterator[PostgresTransaction]:
        """READ COMMITTED. small: the server keeps its own reserve."""
        del small
        async with begun(self._open()) as connection:
            transaction = PostgresTransaction(connection)
            yield transaction
        transaction.committed()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Use a connection as a synchronous one."""
        async with begun(self._open()) as connection:
            return await connection.run_sync(work)

    async def check(self) -> None:
        """Ask the server over a connection of its own: a busy pool is no server that is down."""
        if self._checking is None:
            own = Pool(size=1, overflow=0, seconds=_CHECK_SECONDS)
            self._checking = postgres_engine(self._url, schema=self._schema, pool=own)
        async with begun(self._checking) as connection:
            with translated():
                await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Release everything; a later transaction opens it again."""
        engines = (self._engine, self._checking)
        self._engine = self._checking = None
        for engine in engines:
            if engine is not None:
                await engine.dispose()

    def _open(self) -> AsyncEngine:
        if self._engine is None:
            self._engine = postgres_engine(self._url, schema=self._schema, pool=self._pool)
        return self._engine


def postgres_engine(url: URL, *, schema: str | None, pool: Pool | None) -> AsyncEngine:
    """pool: None keeps no connection. InvalidInput for a parameter of the URL that is not known."""
    pooling: dict[str, Any] = (
        {"poolclass": NullPool}
        if pool is None
        else {
            "pool_size": pool.size,
            "max_overflow": pool.overflow,
            "pool_timeout": pool.seconds,
            "pool_pre_ping": True,
        }
    )
    plain, arguments = split_url(url)
    if schema is not None:
        arguments["server_settings"]["search_path"] = schema
    return create_async_engine(
        plain, connect_args={"timeout": 10, "command_timeout": 120, **arguments}, **pooling
    )


@asynccontextmanager
async def begun(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction: committed on a clean exit, else rolled back."""
    # Leaving the stack rolls back what was not committed, shielded from cancellation.
    async with AsyncExitStack() as stack:
        with translated():
            connection = await stack.enter_async_context(engine.connect())
            await connection.begin()
        yield connection
        with translated():
            await connection.commit()
