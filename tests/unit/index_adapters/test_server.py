"""What only a server has: it may be down, too old, or hold what another program left there."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from qdrant_client import AsyncQdrantClient

from services.kernel.adapters.qdrant_server import QdrantServerIndex, check_corpus_idf, connect
from services.kernel.adapters.qdrant_server_generations import ServerGenerations
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.ports.index import Identity
from tests.support.index import point, qdrant_client


@pytest.fixture
async def client() -> AsyncIterator[AsyncQdrantClient]:
    async with qdrant_client("wire") as opened:
        yield opened


class BeforeCorpora(AsyncQdrantClient):
    """A server before 1.19: it counts IDF over the whole collection and says nothing."""

    async def query_points(self, *arguments: Any, **asked: Any) -> Any:
        asked.pop("search_params", None)
        return await super().query_points(*arguments, **asked)


async def test_a_server_that_counts_over_the_corpus_passes_and_nothing_is_left(
    client: AsyncQdrantClient,
) -> None:
    await check_corpus_idf(client)
    assert (await client.get_collections()).collections == []


async def test_an_older_server_is_refused_with_the_way_out() -> None:
    old = BeforeCorpora(location=":memory:")
    with pytest.raises(InvalidInput, match=r"whole collection.*upgrade it to 1\.19"):
        await ServerGenerations(old).ensure(Identity())
    assert (await old.get_collections()).collections == []
    await old.close()


async def test_a_server_that_is_down_is_waited_for() -> None:
    client = connect("http://127.0.0.1:9", grpc_port=9, timeout=2)
    with pytest.raises(DependencyUnavailable, match="Qdrant server"):
        await QdrantServerIndex.open(client, "memloom")
    with pytest.raises(DependencyUnavailable):
        await ServerGenerations(client).ensure(Identity())
    await client.close()


async def test_a_collection_that_disappears_is_said(client: AsyncQdrantClient) -> None:
    index = await QdrantServerIndex.open(client, "memloom")
    await client.delete_collection("memloom")
    for use in (index.check(), index.count(), index.upsert([point(1)])):
        with pytest.raises(DependencyUnavailable):
            await use


async def test_another_dimension_is_refused_with_the_way_out(client: AsyncQdrantClient) -> None:
    await QdrantServerIndex.open(client, "memloom", dimension=3)
    with pytest.raises(InvalidInput, match=r"3 numbers.*gives 4.*memloom reindex"):
        await QdrantServerIndex.open(client, "memloom", dimension=4)


async def test_a_switch_by_another_process_is_followed(client: AsyncQdrantClient) -> None:
    writer, reader = ServerGenerations(client), ServerGenerations(client)
    await writer.ensure(Identity(segmentation="s1"))
    serving = reader.serving()
    assert await serving.count() == 0

    new = await writer.create(Identity(segmentation="s2"))
    await new.index.upsert([point(1)])
    assert await serving.count() == 0
    await writer.activate(new.name)

    assert await serving.count() == 1
