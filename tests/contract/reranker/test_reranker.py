"""A reranker gives one score a text, in the texts' order, in time or not at all."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import httpx
import pytest

from services.kernel.adapters.http_reranker import HttpReranker
from services.kernel.contracts.errors import DependencyUnavailable
from tests.support.model_server import ModelServer

TEXTS = ["the weather of today", "how to reset a password", "password rules", "xyz"]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as started:
        yield started


@pytest.fixture(params=["tei", "cohere"])
async def reranker(
    request: pytest.FixtureRequest, server: ModelServer
) -> AsyncIterator[HttpReranker]:
    shape: Literal["tei", "cohere"] = request.param
    async with httpx.AsyncClient() as client:
        yield HttpReranker(
            client,
            server.rerank_url,
            shape=shape,
            model="made-up",
            api_key="k",
            seconds=2,
            batch=3,
            max_characters=500,
        )


async def test_scores_are_in_the_order_of_the_texts(reranker: HttpReranker) -> None:
    scores = await reranker.rerank("reset a password", TEXTS)
    assert len(scores) == 4
    assert scores.index(max(scores)) == 1
    assert scores[2] > scores[3]
    assert await reranker.rerank("anything", []) == []


async def test_texts_go_in_batches_cut_to_length(
    reranker: HttpReranker, server: ModelServer
) -> None:
    await reranker.rerank("q", ["long " * 1000] * 7)
    bodies = [request["body"] for request in server.state.requests]
    sent = [body.get("texts") or body.get("documents") for body in bodies]
    assert sorted(len(texts) for texts in sent) == [1, 3, 3]
    assert {len(text) for texts in sent for text in texts} == {500}


@pytest.mark.parametrize("mode", ["failing", "limited", "unauthorized", "garbage", "nonsense"])
async def test_a_failure_is_said(reranker: HttpReranker, server: ModelServer, mode: Any) -> None:
    server.be(mode)
    with pytest.raises(DependencyUnavailable, match="reranker"):
        await reranker.rerank("reset a password", TEXTS)


async def test_who_is_late_is_not_waited_for(server: ModelServer) -> None:
    server.be("slow", seconds=3)
    async with httpx.AsyncClient() as client:
        reranker = HttpReranker(client, server.rerank_url, shape="tei", seconds=0.2)
        start = time.monotonic()
        with pytest.raises(DependencyUnavailable, match=r"0\.2 s"):
            await reranker.rerank("q", TEXTS)
        assert time.monotonic() - start < 1.5


async def test_a_server_that_is_not_there() -> None:
    async with httpx.AsyncClient() as client:
        reranker = HttpReranker(client, "http://127.0.0.1:9/rerank", shape="tei")
        with pytest.raises(DependencyUnavailable, match="does not answer"):
            await reranker.rerank("q", TEXTS)
