"""One SQLite connection in one thread; what arrives while a commit runs shares the next one."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from services.kernel.contracts.errors import (
    DependencyUnavailable,
    MemloomError,
    StorageFull,
    is_full,
)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
BUSY_SECONDS: Final = 30.0


@dataclass(slots=True)
class _Entry:
    work: Work[Any]
    future: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class Journal:
    """Runs pieces of work, each whole or not at all, and answers once they are on disk."""

    def __init__(self, path: Path, *, schema: str) -> None:
        self._path = path
        self._schema = schema
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: list[_Entry] = []
        self._flusher: asyncio.Task[None] | None = None

    async def run(self, work: Work[T]) -> T:
        """The work's result, after the commit. DependencyUnavailable when the file cannot be
        used; an error of the work itself undoes that work alone.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(work, future))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        # A caller that is cancelled leaves its work to the flusher.
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Finish what waits, then release the file; a later `run` opens it again."""
        while self._flusher is not None:
            await asyncio.wait({self._flusher})
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(thread, self._disconnect)
            thread.shutdown()

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="memloom-bus")
            commit = loop.run_in_executor(self._thread, self._commit, [e.work for e in batch])
            await asyncio.wait({commit})
            failure = commit.exception()
            results = [_Failed(failure)] * len(batch) if failure is not None else commit.result()
            for entry, result in zip(batch, results, strict=True):
                if entry.future.done():
                    continue
                if isinstance(result, _Failed):
                    entry.future.set_exception(result.error)
                    # Nobody may be waiting any more; that is no error of its own.
                    entry.future.exception()
                else:
                    entry.future.set_result(result)
        self._flusher = None

    def _commit(self, batch: list[Work[Any]]) -> list[Any]:
        try:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            try:
                results = [self._apart(connection, work) for work in batch]
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, OSError) as error:
            self._disconnect()
            kind = StorageFull if _no_room(error) else DependencyUnavailable
            raise kind(f"the bus file cannot be used: {error}") from error
        return results

    def _apart(self, connection: sqlite3.Connection, work: Work[Any]) -> Any:
        connection.execute("SAVEPOINT work")
        try:
            result = work(connection)
        except MemloomError as error:
            connection.execute("ROLLBACK TO work")
            result = _Failed(error)
        connection.execute("RELEASE work")
        return result

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA cache_size=-16000")
            connection.executescript(f"BEGIN IMMEDIATE; {self._schema} COMMIT;")
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _no_room(error: Exception) -> bool:
    return is_full(error) or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
