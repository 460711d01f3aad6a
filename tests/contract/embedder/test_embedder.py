"""Embedders give unit vectors in order, and say whose fault it is when they cannot."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI

from services.kernel.adapters.embedding_cache import CachingEmbedder
from services.kernel.adapters.fastembed_embedder import FastembedEmbedder
from services.kernel.adapters.openai_embedder import OpenAIEmbedder
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.ports.models import Embedder
from tests.support.model_server import DIMENSION, ModelServer, vector
from tests.support.shared import shared_path

TEXTS = ["How do I reset my password?", "I forgot my login credentials", "三个月大的金毛", "", "x"]


def cosine(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as started:
        yield started


@pytest.fixture
async def client(server: ModelServer) -> AsyncIterator[AsyncOpenAI]:
    opened = AsyncOpenAI(base_url=server.url, api_key="k", max_retries=2, timeout=5)
    yield opened
    await opened.close()


@pytest.fixture
async def remote(client: AsyncOpenAI) -> OpenAIEmbedder:
    return await OpenAIEmbedder.open(
        client, "made-up-en", dimension=DIMENSION, batch=4, concurrency=2, max_characters=1000
    )


@pytest.fixture(
    params=["openai", "cached", pytest.param("fastembed", marks=pytest.mark.model)],
)
async def embedder(request: pytest.FixtureRequest, client: AsyncOpenAI) -> AsyncIterator[Embedder]:
    if request.param == "fastembed":
        local = await FastembedEmbedder.open(str(shared_path("models/minilm-l6-v2-int8")))
        yield local
        await local.close()
        return
    remote = await OpenAIEmbedder.open(client, "made-up-en")
    yield CachingEmbedder(remote) if request.param == "cached" else remote


async def test_unit_vectors_in_order(embedder: Embedder) -> None:
    vectors = await embedder.documents(TEXTS)

    assert [len(v) for v in vectors] == [embedder.dimension] * len(TEXTS)
    assert [math.hypot(*v) for v in vectors] == pytest.approx([1.0] * len(TEXTS), abs=1e-6)
    again = await embedder.documents(list(reversed(TEXTS)))
    for one, other in zip(vectors, reversed(again), strict=True):
        assert cosine(one, other) > 0.98  # a quantised model rounds by batch
    assert cosine(await embedder.query(TEXTS[0]), vectors[0]) > 0.98
    assert await embedder.documents([]) == []
    assert embedder.languages == {"en"}


async def test_more_texts_than_a_batch(embedder: Embedder) -> None:
    texts = [f"text number {n}" for n in range(21)]
    vectors = await embedder.documents(texts)
    assert len(vectors) == 21
    assert cosine(vectors[17], await embedder.query("text number 17")) > 0.98


@pytest.mark.model
async def test_the_local_model_knows_meaning_and_its_language() -> None:
    local = await FastembedEmbedder.open(str(shared_path("models/minilm-l6-v2-int8")))
    password, login, dog, _, _ = await local.documents(TEXTS)
    assert cosine(password, login) == pytest.approx(0.68, abs=0.05)
    assert cosine(password, dog) < 0.3
    assert local.dimension == 384
    assert local.languages == {"en"}
    assert local.identity.startswith("fastembed:minilm-l6-v2-int8@")
    await local.close()
    with pytest.raises(DependencyUnavailable):
        await local.query("after the end")


@pytest.mark.model
async def test_the_event_loop_stays_free_while_a_local_model_works() -> None:
    local = await FastembedEmbedder.open(str(shared_path("models/minilm-l6-v2-int8")))
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.005)
            longest = max(longest, time.perf_counter() - start)

    watcher = asyncio.create_task(watch())
    await local.documents(["some words of a passage that is not short " * 8] * 24)
    watcher.cancel()
    assert 0 < longest < 0.25
    await local.close()


async def test_a_folder_without_a_model_is_refused(tmp_path: Any) -> None:
    with pytest.raises(InvalidInput, match="no model folder"):
        await FastembedEmbedder.open(str(tmp_path))


@pytest.mark.model
async def test_another_dimension_than_configured_is_refused() -> None:
    with pytest.raises(InvalidInput, match="384"):
        await FastembedEmbedder.open(str(shared_path("models/minilm-l6-v2-int8")), dimension=768)


async def test_the_dimension_is_asked_where_it_is_not_configured(client: AsyncOpenAI) -> None:
    opened = await OpenAIEmbedder.open(client, "made-up")
    assert opened.dimension == DIMENSION
    assert opened.identity == "openai:made-up"
    assert opened.languages == frozenset()


async def test_remote_vectors_are_those_of_their_texts(remote: OpenAIEmbedder) -> None:
    texts = [f"number {n}" for n in range(11)]
    vectors = await remote.documents(texts)
    for text, found in zip(texts, vectors, strict=True):
        expected = vector(text)
        length = math.hypot(*expected)
        assert found == pytest.approx([value / length for value in expected], abs=1e-6)


async def test_batches_are_bounded_in_size_and_number(
    remote: OpenAIEmbedder, server: ModelServer
) -> None:
    server.be("slow", seconds=0.05)
    await remote.documents([f"text {n}" for n in range(22)])
    sizes = [len(request["body"]["input"]) for request in server.state.requests]
    assert sorted(sizes) == [2, 4, 4, 4, 4, 4]
    assert server.state.most_at_once == 2


@pytest.mark.parametrize("mode", ["failing", "limited"])
async def test_a_passing_failure_is_tried_again(
    remote: OpenAIEmbedder, server: ModelServer, mode: Any
) -> None:
    server.be(mode, times=1, seconds=1)
    start = time.monotonic()
    assert len(await remote.documents(TEXTS)) == len(TEXTS)
    if mode == "limited":
        assert time.monotonic() - start >= 1.0


@pytest.mark.parametrize(
    "mode", ["failing", "garbage", "unauthorized", "nonsense", "wrong_dimension"]
)
async def test_a_lasting_failure_is_the_servers(
    remote: OpenAIEmbedder, server: ModelServer, mode: Any
) -> None:
    server.be(mode)
    with pytest.raises(DependencyUnavailable, match="made-up"):
        await remote.documents(TEXTS)
    with pytest.raises(DependencyUnavailable):
        await remote.query("x")


async def test_who_is_too_slow_is_not_waited_for(server: ModelServer) -> None:
    server.be("slow", seconds=3)
    client = AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0, timeout=0.2)
    opened = await OpenAIEmbedder.open(client, "made-up", dimension=DIMENSION)
    with pytest.raises(DependencyUnavailable, match="does not answer"):
        await opened.query("x")
    await client.close()


async def test_texts_too_long_for_the_server_are_cut_and_the_limit_is_learned(
    remote: OpenAIEmbedder, server: ModelServer
) -> None:
    server.state.longest = 300
    long = "一段很长的文字。" * 1000

    vectors = await remote.documents([long, "short"])
    asked = server.state.counts["embeddings"]
    await remote.documents([long])

    assert len(vectors) == 2
    assert server.state.counts["embeddings"] == asked + 1


async def test_the_cache_asks_once_for_equal_texts(
    remote: OpenAIEmbedder, server: ModelServer
) -> None:
    cached = CachingEmbedder(remote, capacity=3)

    first = await cached.documents(["a b", "c d", "a b"])
    assert first[0] == first[2]
    assert server.state.requests[-1]["body"]["input"] == ["a b", "c d"]
    await cached.documents(["c d", "a b"])
    assert server.state.counts["embeddings"] == 1

    await asyncio.gather(*(cached.query("who?") for _ in range(5)))
    await cached.query("who?")
    assert server.state.counts["embeddings"] == 2

    await cached.documents(["new one"])  # the least recently used of four goes: "c d"
    await cached.documents(["a b"])
    assert server.state.counts["embeddings"] == 3
    await cached.documents(["c d"])
    assert server.state.counts["embeddings"] == 4


async def test_the_cache_keeps_no_failure(remote: OpenAIEmbedder, server: ModelServer) -> None:
    cached = CachingEmbedder(remote)
    server.be("unauthorized", times=1)
    with pytest.raises(DependencyUnavailable):
        await cached.query("who?")
    assert len(await cached.query("who?")) == DIMENSION
