"""SQLite (aiosqlite) and PostgreSQL (asyncpg) through SQLAlchemy 2 async Core.

SQLite: WAL, synchronous=FULL, one writer connection a file, BEGIN IMMEDIATE for every
transaction that writes, readers beside it. PostgreSQL: a pool; a schema of the service's own may
be named, so that services can share one database and never one table.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    URL,
    Connection,
    Executable,
    MetaData,
    RowMapping,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from services.kernel.contracts.errors import Conflict, DependencyUnavailable, InvalidInput

ENVIRONMENT: Final = Path(__file__).parent / "sql_migrations"
BUSY_MS: Final = 30_000

# https://www.sqlite.org/rescode.html: BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL,
# CANTOPEN. The low byte is the primary code.
_SQLITE_READONLY: Final = 8
_SQLITE_DOWN: Final = frozenset({5, 6, 7, _SQLITE_READONLY, 10, 11, 13, 14})
# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, rolled back
# (serialisation, deadlock), out of resources, object in use, operator intervention, system.
_POSTGRES_DOWN: Final = ("08", "40", "53", "55", "57", "58")

# Alembic keeps its running environment in module globals: one migration at a time in a process.
_MIGRATING = threading.Lock()


class SqlTransaction:
    """Implements `ports.store.Transaction`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._callbacks: list[Callable[[], None]] = []

    async def execute(
        self, statement: Executable, rows: Sequence[dict[str, Any]] | None = None
    ) -> int:
        if rows is not None and not rows:
            return 0
        with _translated(statement=True):
            result = await self._connection.execute(statement, rows)
        # Some drivers do not count an executemany.
        counted: int = result.rowcount
        return counted if counted >= 0 else len(rows or ())

    async def all(self, statement: Executable) -> list[RowMapping]:
        with _translated(statement=True):
            result = await self._connection.execute(statement)
        return list(result.mappings().all())

    async def first(self, statement: Executable) -> RowMapping | None:
        with _translated(statement=True):
            result = await self._connection.execute(statement)
        return result.mappings().first()

    def on_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    @property
    def dialect(self) -> str:
        return self._connection.dialect.name

    def committed(self) -> None:
        """Run what waited for the commit."""
        for callback in self._callbacks:
            callback()


class SqlDatabase:
    """Implements `ports.store.Database`.

    url: `sqlite+aiosqlite:///file.db` or `postgresql+asyncpg://...`. metadata: the service's
    tables. migrations: its `store/migrations/versions`. schema: on PostgreSQL, the schema that
    its tables live in (made when missing). Connects at first use.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        metadata: MetaData,
        migrations: Path,
        schema: str | None = None,
        pool_size: int = 8,
    ) -> None:
        self._url = make_url(url)
        self._metadata = metadata
        self._migrations = migrations
        self._schema = schema
        self._pool_size = pool_size
        backend = self._url.get_backend_name()
        if backend not in {"sqlite", "postgresql"}:
            raise InvalidInput(
                f"{backend!r} is not supported; use sqlite+aiosqlite or postgresql+asyncpg"
            )
        self._sqlite = backend == "sqlite"
        if self._sqlite and self._url.database in {None, "", ":memory:"}:
            raise InvalidInput("an SQLite database needs a file: sqlite+aiosqlite:///path/to.db")
        self._engines: tuple[AsyncEngine, AsyncEngine] | None = None
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqlTransaction]:
        reader, _ = self._open()
        async with self._begun(reader) as connection:
            yield SqlTransaction(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqlTransaction]:
        _, writer = self._open()
        if self._sqlite:
            async with self._writer, self._begun(writer) as connection:
                transaction = SqlTransaction(connection)
                yield transaction
        else:
            async with self._begun(writer) as connection:
                transaction = SqlTransaction(connection)
                yield transaction
        transaction.committed()

    async def migrate(self) -> None:
        await asyncio.to_thread(self._migrate_in_thread, "head")

    async def downgrade(self, revision: str = "base") -> None:
        """Back to a revision; `base` is an empty schema."""
        await asyncio.to_thread(self._migrate_in_thread, revision, down=True)

    async def drift(self) -> list[str]:
        """Where the migrated schema differs from the metadata; empty when they are one."""

        def compare(connection: Connection) -> list[str]:
            context = MigrationContext.configure(connection)
            return [str(difference) for difference in compare_metadata(context, self._metadata)]

        reader, _ = self._open()
        async with self._begun(reader) as connection:
            return await connection.run_sync(compare)

    async def check(self) -> None:
        async with self.read() as transaction:
            await transaction.first(text("SELECT 1"))

    async def close(self) -> None:
        engines, self._engines = self._engines, None
        for engine in set(engines or ()):
            await engine.dispose()

    def _open(self) -> tuple[AsyncEngine, AsyncEngine]:
        if self._engines is None:
            if self._sqlite:
                Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True)
                self._engines = (
                    self._sqlite_engine(writes=False, size=self._pool_size),
                    self._sqlite_engine(writes=True, size=1),
                )
            else:
                engine = self._postgres_engine(pool_size=self._pool_size)
                snapshot = engine.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                self._engines = (snapshot, engine)
        return self._engines

    @asynccontextmanager
    async def _begun(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        # Leaving the stack rolls back what was not committed, shielded from cancellation.
        async with AsyncExitStack() as stack:
            with _translated():
                connection = await stack.enter_async_context(engine.connect())
                await connection.begin()
            yield connection
            with _translated():
                await connection.commit()

    def _sqlite_engine(self, *, writes: bool, size: int) -> AsyncEngine:
        engine = create_async_engine(
            self._url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=0,
            connect_args={"timeout": BUSY_MS / 1000},
        )
        _prepare_sqlite(engine, writes=writes)
        return engine

    def _postgres_engine(self, *, pool_size: int | None) -> AsyncEngine:
        pool: dict[str, Any] = (
            {"poolclass": NullPool}
            if pool_size is None
            else {"pool_size": pool_size, "max_overflow": pool_size, "pool_timeout": 30}
        )
        settings = {"application_name": "memloom"}
        if self._schema is not None:
            settings["search_path"] = self._schema
        return create_async_engine(
            self._url,
            pool_pre_ping=pool_size is not None,
            connect_args={"timeout": 10, "command_timeout": 120, "server_settings": settings},
            **pool,
        )

    def _migrate_in_thread(self, revision: str, *, down: bool = False) -> None:
        with _MIGRATING:
            asyncio.run(self._migrate(revision, down=down))

    async def _migrate(self, revision: str, *, down: bool) -> None:
        config = Config()
        config.set_main_option("script_location", _escaped(ENVIRONMENT))
        config.set_main_option("version_locations", _escaped(self._migrations))
        config.set_main_option("path_separator", "os")
        config.attributes["metadata"] = self._metadata

        def work(connection: Connection) -> None:
            config.attributes["connection"] = connection
            if down:
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)

        if self._sqlite:
            Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = create_async_engine(
                self._url, poolclass=NullPool, connect_args={"timeout": BUSY_MS / 1000}
            )
            # BEGIN IMMEDIATE is the lock: the second process finds the work done.
            _prepare_sqlite(engine, writes=True)
        else:
            engine = self._postgres_engine(pool_size=None)
        try:
            async with self._begun(engine) as connection:
                if not self._sqlite:
                    await self._lock_schema(connection)
                await connection.run_sync(work)
        finally:
            await engine.dispose()

    async def _lock_schema(self, connection: AsyncConnection) -> None:
        schema = self._schema or "public"
        lock = crc32(f"memloom:{schema}".encode())
        with _translated():
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
            if self._schema is not None:
                quoted = connection.dialect.identifier_preparer.quote(self._schema)
                await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {quoted}"))


def _prepare_sqlite(engine: AsyncEngine, *, writes: bool) -> None:
    def connected(connection: Any, _: Any) -> None:
        # The driver's own transactions begin too late; ours begin as said below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-16000")
        if not writes:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


@contextmanager
def _translated(*, statement: bool = False) -> Iterator[None]:
    """The driver's errors become ours; a wrong statement stays what it is."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"a row contradicts the schema: {error.orig}") from error
    except DBAPIError as error:
        if _is_down(error, statement=statement):
            raise DependencyUnavailable(f"the database cannot be used: {error.orig}") from error
        raise
    except (PoolTimeoutError, InvalidatePoolError, OSError, TimeoutError) as error:
        raise DependencyUnavailable(f"the database cannot be reached: {error}") from error


def _is_down(error: DBAPIError, *, statement: bool) -> bool:
    if error.connection_invalidated:
        return True
    original = error.orig
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        # A read-only file refuses to begin; a reader that writes is our own mistake.
        if statement and code == _SQLITE_READONLY:
            return False
        return code & 0xFF in _SQLITE_DOWN
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    if isinstance(state, str):
        return state.startswith(_POSTGRES_DOWN)
    return type(original).__name__ in {"InterfaceError", "OperationalError"}
