"""SQLite: WAL, synchronous=FULL, one writer connection a file, BEGIN IMMEDIATE for every
transaction that writes, readers beside it.

The file is used from threads of our own, one call a statement: SQLAlchemy's asyncio layer makes
three to four calls into aiosqlite's thread for each, which took two thirds of a delivery's time.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, Executable, RowMapping, create_engine, event, text
from sqlalchemy.pool import NullPool, QueuePool

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.sql.errors import translated

T = TypeVar("T")
BUSY_MS: Final = 30_000


class SqliteTransaction:
    """Implements `ports.store.Transaction`. Begins with its first statement."""

    def __init__(self, side: "_Side") -> None:
        self._side = side
        self._connection: Connection | None = None
        self._running: asyncio.Future[Any] | None = None
        self._callbacks: list[Callable[[], None]] = []

    async def execute(
        self, statement: Executable, rows: Sequence[dict[str, Any]] | None = None
    ) -> int:
        if rows is not None and not rows:
            return 0

        def work(connection: Connection) -> int:
            counted: int = connection.execute(statement, rows).rowcount
            return counted if counted >= 0 else len(rows or ())

        return await self.run(work)

    async def all(self, statement: Executable) -> list[RowMapping]:
        return await self.run(lambda c: list(c.execute(statement).mappings().all()))

    async def first(self, statement: Executable) -> RowMapping | None:
        return await self.run(lambda c: c.execute(statement).mappings().first())

    def on_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    @property
    def dialect(self) -> str:
        return "sqlite"

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Use the connection in its thread."""
        running = self._side.submit(self._work, work)
        self._running = running
        with translated(reading=not self._side.writes):
            # Who is cancelled leaves the statement to `end`.
            return await asyncio.shield(running)

    async def end(self, *, commit: bool) -> None:
        """Commit or roll back, and give the connection back."""
        if self._running is not None and not self._running.done():
            await asyncio.wait({self._running})
        if self._running is not None and not self._running.cancelled():
            # Whoever asked has heard of it; nobody else has to.
            self._running.exception()
        if self._connection is not None:
            with translated():
                await self._side.submit(self._finish, self._connection, commit)

    def committed(self) -> None:
        """Run what waited for the commit."""
        for callback in self._callbacks:
            callback()

    def _work(self, work: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._side.connect()
        return work(self._connection)

    def _finish(self, connection: Connection, commit: bool) -> None:
        try:
            if commit:
                connection.commit()
        finally:
            connection.close()


class _Side:
    """The connections that read, or the one that writes; opened at first use."""

    def __init__(self, url: URL, *, writes: bool, size: int) -> None:
        self.writes = writes
        self._url = url
        self._size = size
        self._engine: Engine | None = None
        self._threads: ThreadPoolExecutor | None = None

    def submit(self, work: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Run it in a thread of this side."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="memloom-sql")
        return asyncio.get_running_loop().run_in_executor(
            self._threads, functools.partial(work, *args)
        )

    def connect(self) -> Connection:
        """A connection of the pool; in a thread of this side."""
        if self._engine is None:
            self._engine = sqlite_engine(self._url, writes=self.writes, size=self._size)
        return self._engine.connect()

    async def close(self) -> None:
        """Release connections and threads."""
        threads, self._threads = self._threads, None
        engine, self._engine = self._engine, None
        if threads is None:
            return
        if engine is not None:
            await asyncio.get_running_loop().run_in_executor(threads, engine.dispose)
        threads.shutdown()


class SqliteEngine:
    """One file: transactions that read, and one at a time that writes."""

    def __init__(self, url: URL, *, readers: int, space: DiskSpace | None = None) -> None:
        self._space = space
        self._reading = _Side(url, writes=False, size=readers)
        self._writing = _Side(url, writes=True, size=1)
        self._checking = _Side(url, writes=False, size=1)
        self._lock = asyncio.Lock()
        # A reader waits here for its connection, not in a thread.
        self._seats = asyncio.Semaphore(readers)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteTransaction]:
        """A snapshot from the first statement on."""
        await self._seats.acquire()
        async with _ended(SqliteTransaction(self._reading), self._seats.release) as transaction:
            yield transaction

    @asynccontextmanager
    async def write(self, *, small: bool = False) -> AsyncIterator[SqliteTransaction]:
        """Alone among writers. StorageFull; small: also within the reserve."""
        if self._space is not None and not small:
            self._space.require()
        await self._lock.acquire()
        async with _ended(SqliteTransaction(self._writing), self._lock.release) as transaction:
            yield transaction
        transaction.committed()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Use a reading connection in its thread."""
        async with self.read() as transaction:
            return await transaction.run(work)

    async def check(self) -> None:
        """Read over a connection of its own: busy readers are no file that cannot be read."""
        async with _ended(SqliteTransaction(self._checking), lambda: None) as transaction:
            await transaction.first(text("SELECT 1"))

    async def close(self) -> None:
        """Release everything; a later transaction opens it again."""
        await self._checking.close()
        await self._reading.close()
        await self._writing.close()


@asynccontextmanager
async def _ended(
    transaction: SqliteTransaction, release: Callable[[], None]
) -> AsyncIterator[SqliteTransaction]:
    """Ends the transaction whatever happens, also to a caller who is cancelled, then releases."""
    clean = False
    try:
        yield transaction
        clean = True
    finally:
        ending = asyncio.ensure_future(transaction.end(commit=clean))
        ending.add_done_callback(lambda _: release())
        await asyncio.shield(ending)


def sqlite_engine(url: URL, *, writes: bool, size: int | None) -> Engine:
    """A synchronous engine whose transactions begin as this module says. size: None pools none."""
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    pool: dict[str, Any] = (
        {"poolclass": NullPool}
        if size is None
        else {"poolclass": QueuePool, "pool_size": size, "max_overflow": 0}
    )
    engine = create_engine(
        url.set(drivername="sqlite"),
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
        **pool,
    )

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

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine
