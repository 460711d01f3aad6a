"""SQL, as services see it: a transaction at a time, the boundary commits.

A service's `store` builds SQLAlchemy Core statements over its own tables and runs them on the
`Transaction` it is given; it never commits. Contract: `tests/contract/store`.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy import Executable, RowMapping


class Transaction(Protocol):
    """One open transaction."""

    async def execute(
        self, statement: Executable, rows: Sequence[dict[str, Any]] | None = None
    ) -> int:
        """Run it (executemany with `rows`); how many rows were touched."""
        ...

    async def all(self, statement: Executable) -> list[RowMapping]:
        """All rows."""
        ...

    async def first(self, statement: Executable) -> RowMapping | None:
        """The first row, or None."""
        ...

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call it once the transaction is committed (to wake a worker); never if it is not."""
        ...

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`, for upserts."""
        ...


class Database(Protocol):
    """One service's database. `write()` is exclusive on SQLite (BEGIN IMMEDIATE)."""

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A read-only snapshot. DependencyUnavailable when it is down."""
        ...

    def write(self, *, small: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """Commits on a clean exit, rolls back on an error. DependencyUnavailable when down,
        StorageFull where the disk has no more than its reserve. small: undoes or tidies what is
        under way in a row or two, and may use the reserve for that.
        """
        ...

    async def migrate(self) -> None:
        """Bring the schema to its head (Alembic); safe when several processes do it at once."""
        ...

    async def check(self) -> None:
        """DependencyUnavailable when it cannot be used now."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
