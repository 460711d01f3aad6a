"""What every database keeps to. Not seen here: a server that goes away (chaos on the stack)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from services.kernel.adapters.sql import SqlDatabase
from services.kernel.contracts.errors import Conflict, DependencyUnavailable, InvalidInput
from tests.support.sql import (
    METADATA,
    MIGRATIONS,
    RUNTIME,
    THINGS,
    migrated,
    postgres_database,
    sqlite_database,
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlDatabase]:
    fresh = sqlite_database(tmp_path) if request.param == "sqlite" else postgres_database()
    async with migrated(fresh) as ready:
        yield ready


async def _count(database: SqlDatabase, identifier: str) -> int | None:
    async with database.read() as tx:
        row = await tx.first(select(THINGS.c.count).where(THINGS.c.id == identifier))
    return None if row is None else int(row["count"])


async def test_a_clean_exit_commits_and_an_error_rolls_back(database: SqlDatabase) -> None:
    async with database.write() as tx:
        assert await tx.execute(insert(THINGS).values(id="kept", count=1)) == 1

    async def fail() -> None:
        async with database.write() as tx:
            await tx.execute(insert(THINGS).values(id="lost", count=1))
            raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        await fail()
    assert await _count(database, "kept") == 1
    assert await _count(database, "lost") is None


async def test_statements_say_how_many_rows_they_touched(database: SqlDatabase) -> None:
    async with database.write() as tx:
        rows = [{"id": str(n), "count": n} for n in range(5)]
        assert await tx.execute(insert(THINGS), rows) == 5
        assert await tx.execute(insert(THINGS), []) == 0
        assert await tx.execute(update(THINGS).where(THINGS.c.count > 2).values(count=9)) == 2
        assert await tx.execute(delete(THINGS).where(THINGS.c.id == "none")) == 0
        found = await tx.all(select(THINGS).where(THINGS.c.count == 9).order_by(THINGS.c.id))
        assert [row["id"] for row in found] == ["3", "4"]


async def test_increments_from_many_tasks_are_all_there(database: SqlDatabase) -> None:
    async with database.write() as tx:
        await tx.execute(insert(THINGS).values(id="n", count=0))

    async def increment() -> None:
        async with database.write() as tx:
            row = await tx.first(select(THINGS.c.count).where(THINGS.c.id == "n").with_for_update())
            assert row is not None
            await tx.execute(update(THINGS).values(count=row["count"] + 1))

    await asyncio.gather(*(increment() for _ in range(40)))
    assert await _count(database, "n") == 40


async def test_a_reader_sees_one_moment(database: SqlDatabase) -> None:
    async with database.read() as reader:
        total = select(func.count()).select_from(THINGS)
        before = await reader.first(total)
        async with database.write() as tx:
            await tx.execute(insert(THINGS).values(id="later", count=1))
        after = await reader.first(total)
    assert before is not None
    assert after is not None
    assert (before[total.selected_columns[0]], after[total.selected_columns[0]]) == (0, 0)
    assert await _count(database, "later") == 1


async def test_a_reader_cannot_write(database: SqlDatabase) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as tx:
            await tx.execute(insert(THINGS).values(id="x", count=1))


async def test_a_row_against_the_schema_is_a_conflict(database: SqlDatabase) -> None:
    async def twice() -> None:
        async with database.write() as tx:
            await tx.execute(insert(THINGS).values(id="a", count=1))
            await tx.execute(insert(THINGS).values(id="a", count=2))

    with pytest.raises(Conflict):
        await twice()
    assert await _count(database, "a") is None


async def test_a_wrong_statement_is_not_an_outage(database: SqlDatabase) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as tx:
            await tx.all(text("SELECT nothing FROM nowhere"))


async def test_commit_callbacks_run_after_a_commit_only(database: SqlDatabase) -> None:
    called: list[str] = []
    async with database.write() as tx:
        tx.on_commit(lambda: called.append("committed"))
        assert called == []

    async def fail() -> None:
        async with database.write() as tx:
            tx.on_commit(lambda: called.append("never"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
    assert called == ["committed"]


async def test_cancelling_inside_a_transaction_rolls_back(database: SqlDatabase) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with database.write() as tx:
            await tx.execute(insert(THINGS).values(id="half", count=1))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _count(database, "half") is None
    async with database.write() as tx:
        await tx.execute(insert(THINGS).values(id="next", count=1))


async def test_migrating_at_once_and_again_is_harmless(database: SqlDatabase) -> None:
    await asyncio.gather(*(database.migrate() for _ in range(3)))
    assert await database.drift() == []


async def test_migrations_go_back_and_forth(database: SqlDatabase) -> None:
    await database.downgrade()
    assert await database.drift() != []
    await database.migrate()
    assert await database.drift() == []


async def test_positions_of_the_outbox_are_never_given_twice(database: SqlDatabase) -> None:
    row = {
        "event_id": "e",
        "topic": "t",
        "key": "k",
        "slot": 0,
        "value": b"v",
        "headers": "[]",
        "created_at": 0,
        "due_at": 0,
        "failures": 0,
    }
    positions = []
    for _ in range(2):
        async with database.write() as tx:
            await tx.execute(insert(RUNTIME.outbox).values(row))
            found = await tx.first(select(RUNTIME.outbox.c.position))
            assert found is not None
            positions.append(found["position"])
            await tx.execute(delete(RUNTIME.outbox))
    assert positions[0] < positions[1]


async def test_check_passes_and_close_is_repeatable(database: SqlDatabase) -> None:
    await database.check()
    await database.close()
    await database.close()
    await database.check()


async def test_a_file_that_cannot_be_opened_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "test.db").mkdir()
    database = sqlite_database(tmp_path)
    with pytest.raises(DependencyUnavailable):
        await database.check()
    await database.close()


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    database = SqlDatabase(
        "postgresql+asyncpg://nobody@127.0.0.1:1/none", metadata=METADATA, migrations=MIGRATIONS
    )
    with pytest.raises(DependencyUnavailable):
        await database.check()
    await database.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite+aiosqlite://"])
def test_what_is_not_supported_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        SqlDatabase(url, metadata=METADATA, migrations=MIGRATIONS)
