"""A service's database, on either engine."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from sqlalchemy import URL, Connection, MetaData, Table, make_url

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.sql.migrations import migrate
from services.kernel.adapters.sql.postgres import Pool, PostgresEngine
from services.kernel.adapters.sql.sqlite import SqliteEngine
from services.kernel.contracts.errors import InvalidInput
from services.kernel.ports.store import Transaction


class SqlDatabase:
    """Implements `ports.store.Database`.

    url: `sqlite+aiosqlite:///file.db` or `postgresql+asyncpg://...`. metadata: the service's
    tables. migrations: its `store/migrations/versions`. schema: on PostgreSQL, the schema that
    its tables live in (made when missing). pool: connections to PostgreSQL, or
    readers of SQLite. space: what SQLite asks for room before it writes.
    Connects at first use.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        metadata: MetaData,
        migrations: Path,
        schema: str | None = None,
        pool: Pool | None = None,
        space: DiskSpace | None = None,
    ) -> None:
        self._url = make_url(url)
        pool = pool or Pool()
        self._metadata = metadata
        self._migrations = migrations
        self._schema = schema
        self._engine: SqliteEngine | PostgresEngine
        match self._url.get_backend_name():
            case "postgresql":
                self._engine = PostgresEngine(self._url, schema=schema, pool=pool)
            case "sqlite" if self._url.database not in {None, "", ":memory:"}:
                self._engine = SqliteEngine(self._url, readers=pool.size, space=space)
            case "sqlite":
                raise InvalidInput(
                    "an SQLite database needs a file: sqlite+aiosqlite:///path/to.db"
                )
            case other:
                raise InvalidInput(
                    f"{other!r} is not supported; use sqlite+aiosqlite or postgresql+asyncpg"
                )

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        return self._engine.read()

    def write(self, *, small: bool = False) -> AbstractAsyncContextManager[Transaction]:
        return self._engine.write(small=small)

    async def migrate(self) -> None:
        await self._migrate("head")

    async def downgrade(self, revision: str = "base") -> None:
        """Back to a revision; `base` is an empty schema."""
        await self._migrate(revision, down=True)

    async def drift(self) -> list[str]:
        """Where the migrated schema differs from the metadata; empty when they are one."""
        # Alembic takes a while to load, and only migrations need it.
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - see above
        from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - see above

        def compare(connection: Connection) -> list[str]:
            parents = {t.name for t in self._metadata.tables.values() if _is_partitioned(t)}

            def include(name: str | None, kind: str, _: object) -> bool:
                """Partitions are the server's affair: the metadata knows their parent."""
                return kind != "table" or str(name).rpartition("_")[0] not in parents

            context = MigrationContext.configure(connection, opts={"include_name": include})
            return [str(difference) for difference in compare_metadata(context, self._metadata)]

        return await self._engine.run(compare)

    async def check(self) -> None:
        await self._engine.check()

    async def close(self) -> None:
        await self._engine.close()

    async def _migrate(self, revision: str, *, down: bool = False) -> None:
        await asyncio.to_thread(
            migrate,
            self._url,
            metadata=self._metadata,
            versions=self._migrations,
            schema=self._schema,
            revision=revision,
            down=down,
        )


def _is_partitioned(table: Table) -> bool:
    return bool(table.dialect_options["postgresql"].get("partition_by"))
