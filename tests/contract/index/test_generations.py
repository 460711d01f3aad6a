"""Generations of the index, on both stores: which serves, what is kept, what is refused."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kernel.adapters.qdrant_edge_generations import EdgeGenerations
from services.kernel.adapters.qdrant_server_generations import ServerGenerations
from services.kernel.contracts.errors import Conflict, InvalidInput, NotFound
from services.kernel.ports.generations import Generations
from services.kernel.ports.index import Identity
from tests.support.index import WORLDS, point, qdrant_client

OLD = Identity(encoder="bm25:1", segmentation="s1")
NEW = Identity(embedder="fastembed:minilm", dimension=3, encoder="bm25:1", segmentation="s1")


@pytest.fixture(params=WORLDS)
async def generations(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Generations]:
    if request.param == "edge":
        folders = EdgeGenerations(tmp_path / "index")
        yield folders
        await folders.close()
        return
    async with qdrant_client(request.param) as client:
        opened = ServerGenerations(client, f"test-{uuid.uuid4().hex}")
        yield opened
        serving = await opened.current()
        for name in await opened.names():
            if serving is None or serving.name != name:
                await opened.drop(name)
        if serving is not None:
            await client.delete_collection(f"{opened.prefix}-{serving.name}")


async def test_the_first_is_made_and_serves(generations: Generations) -> None:
    assert await generations.current() is None
    assert await generations.previous() is None
    with pytest.raises(NotFound):
        await generations.serving().count()

    first = await generations.ensure(OLD)

    assert (first.name, first.identity) == ("g0001", OLD)
    assert await generations.ensure(OLD) == first
    assert await generations.current() == first
    assert await generations.previous() is None
    assert list(await generations.names()) == ["g0001"]


@pytest.mark.parametrize("world", [world for world in WORLDS if world != "edge"])
async def test_two_processes_that_start_at_once_make_one(world: str) -> None:
    """Memorizer and retriever on a new server; a folder has one process."""
    async with qdrant_client(world) as client:
        prefix = f"test-{uuid.uuid4().hex}"
        both = [ServerGenerations(client, prefix) for _ in range(2)]
        made = await asyncio.gather(*(one.ensure(OLD) for one in both))
        assert {one.name for one in made} == {"g0001"}
        assert list(await both[0].names()) == ["g0001"]
        await client.delete_collection(f"{prefix}-g0001")


async def test_another_identity_is_refused_with_the_way_out(generations: Generations) -> None:
    await generations.ensure(OLD)
    with pytest.raises(InvalidInput, match=r"embedder 'none'.*'fastembed:minilm'.*memloom reindex"):
        await generations.ensure(NEW)


async def test_a_new_one_is_filled_beside_then_switched_and_back(generations: Generations) -> None:
    old = await generations.ensure(OLD)
    serving = generations.serving()
    await serving.upsert([point(1)])

    new = await generations.create(NEW)
    await new.index.upsert([point(n, dense=(1.0, 0.0, 0.0)) for n in range(5)])
    assert (new.name, new.identity) == ("g0002", NEW)
    assert await serving.count() == 1
    assert await generations.current() == old

    await generations.activate("g0002")
    await generations.activate("g0002")
    assert await serving.count() == 5
    assert await generations.previous() == old
    assert (await generations.ensure(NEW)).name == "g0002"
    with pytest.raises(InvalidInput):
        await generations.ensure(OLD)

    assert (await generations.roll_back()).name == "g0001"
    assert await serving.count() == 1
    found = await generations.previous()
    assert found is not None
    assert found.name == "g0002"
    assert (await generations.roll_back()).name == "g0002"
    assert await serving.count() == 5


async def test_an_unfinished_one_is_taken_up_again(generations: Generations) -> None:
    await generations.ensure(OLD)
    begun = await generations.create(NEW)
    await begun.index.upsert([point(1)])

    again = await generations.create(NEW)

    assert again.name == begun.name
    assert await again.index.count() == 1
    # The one that serves is never taken for an unfinished one.
    assert (await generations.create(OLD)).name == "g0003"


async def test_what_serves_cannot_be_dropped(generations: Generations) -> None:
    await generations.ensure(OLD)
    await generations.create(NEW)
    await generations.activate("g0002")

    with pytest.raises(Conflict):
        await generations.drop("g0002")
    await generations.drop("g0001")
    await generations.drop("g0001")

    assert list(await generations.names()) == ["g0002"]
    assert await generations.previous() is None
    with pytest.raises(NotFound):
        await generations.roll_back()
    with pytest.raises(NotFound):
        await generations.get("g0001")
    with pytest.raises(NotFound):
        await generations.activate("g0001")
    assert (await generations.create(OLD)).name == "g0003"


async def test_folders_keep_everything_over_a_restart(tmp_path: Path) -> None:
    before = EdgeGenerations(tmp_path / "index")
    await before.ensure(OLD)
    await before.create(NEW)
    await before.activate("g0002")
    await before.serving().upsert([point(1, dense=(1.0, 0.0, 0.0))])
    await before.close()

    after = EdgeGenerations(tmp_path / "index")
    assert (await after.ensure(NEW)).name == "g0002"
    assert await after.serving().count() == 1
    assert (await after.roll_back()).identity == OLD
    await after.close()


async def test_a_deleted_folder_ends_in_a_fresh_generation(tmp_path: Path) -> None:
    before = EdgeGenerations(tmp_path / "index")
    await before.ensure(OLD)
    await before.close()
    (tmp_path / "index" / "g0001").rename(tmp_path / "lost")

    after = EdgeGenerations(tmp_path / "index")
    assert (await after.ensure(NEW)).identity == NEW
    assert await after.serving().count() == 0
    await after.close()
