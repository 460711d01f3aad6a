"""Vectors beside words, and a reranker above both: each may fail, be late, or not know."""

import asyncio
from collections.abc import Sequence

import pytest

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.records import Kind
from services.retriever.handlers.search import SearchOptions
from tests.support.searching import World, passage, said

TEXTS = {
    "How do I sign in again": (1.0, 0.0),
    "Reset a forgotten password in the portal.": (0.9, 0.436),
    "Sign the form again and send it.": (0.0, 1.0),
    "怎么重新登录": (0.0, 1.0),
}


class Embedder:
    """Known texts have known vectors; what it does on a query can be told."""

    identity = "test"
    dimension = 2

    def __init__(self, *languages: str, fails: Exception | None = None, slow: bool = False) -> None:
        self.languages = frozenset(languages)
        self._fails = fails
        self._slow = slow

    async def documents(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        return [self._vector(text) for text in texts]

    async def query(self, text: str) -> tuple[float, ...]:
        if self._slow:
            await asyncio.Event().wait()
        if self._fails is not None:
            raise self._fails
        return self._vector(text)

    def _vector(self, text: str) -> tuple[float, ...]:
        return next((v for known, v in TEXTS.items() if known in text), (0.7, 0.7))


class Reranker:
    """Scores by length: the longest first, unless it fails or hangs."""

    def __init__(self, *, fails: Exception | None = None, slow: bool = False) -> None:
        self._fails = fails
        self._slow = slow

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        if self._slow:
            await asyncio.Event().wait()
        if self._fails is not None:
            raise self._fails
        return [float(len(text)) for text in texts]


PASSAGES = [
    passage("Reset a forgotten password in the portal.", document="a.md"),
    passage("Sign the form again and send it.", document="b.md"),
]
OPTIONS = SearchOptions(embed_seconds=0.05, rerank_seconds=0.05)


async def test_vectors_find_what_words_do_not() -> None:
    world = World(embedder=Embedder("en"))
    await world.put(PASSAGES)
    answer = await world.search("How do I sign in again", user=None, explain=True)
    scores = {item.record.value: item.scores for item in answer.memories}
    assert set(scores) == {record.value for record in PASSAGES}
    assert all("dense" in told for told in scores.values())


async def test_an_embedder_has_no_voice_in_a_language_it_does_not_know() -> None:
    world = World(embedder=Embedder("en"))
    await world.put([passage("重新登录门户的方法", document="c.md"), *PASSAGES])
    answer = await world.search("怎么重新登录", user=None)
    assert answer.memories[0].record.value == "重新登录门户的方法"


async def test_the_vector_of_a_memory_is_of_what_it_says() -> None:
    world = World(embedder=Embedder("en"))
    beside = "The user keeps two cats."
    await world.put(
        [
            said(beside, kind=Kind.FACT, context="2025-06-15 June 15 How do I sign in again?"),
            said("The user wrote: Reset a forgotten password in the portal.", kind=Kind.FACT),
        ]
    )
    answer = await world.search("How do I sign in again", explain=True)
    near = {item.record.value: item.scores["dense"] for item in answer.memories}
    assert near.pop(beside) < min(near.values())


@pytest.mark.parametrize(
    ("embedder", "note"),
    [
        (Embedder("en", fails=DependencyUnavailable("down")), "dense: down"),
        (Embedder("en", slow=True), "dense: late"),
    ],
)
async def test_without_its_embedder_the_search_goes_on(embedder: Embedder, note: str) -> None:
    world = World(embedder=embedder, options=OPTIONS)
    await world.put(PASSAGES)
    answer = await world.search("sign the form", user=None)
    assert answer.notes == (note,)
    assert answer.memories[0].record.value == "Sign the form again and send it."


async def test_a_reranker_has_the_last_word() -> None:
    world = World(reranker=Reranker())
    await world.put([*PASSAGES, said("Sign and send the form, says the user", user="u1")])
    answer = await world.search("sign the form", user="u1", explain=True)
    lengths = [item.scores["rerank"] for item in answer.memories]
    assert lengths == sorted(lengths, reverse=True)
    told = [item.relativity for item in answer.memories]
    assert told == sorted(told, reverse=True)


@pytest.mark.parametrize(
    ("reranker", "note"),
    [
        (Reranker(fails=DependencyUnavailable("down")), "rerank: down"),
        (Reranker(slow=True), "rerank: late"),
    ],
)
async def test_without_its_reranker_the_fused_order_goes_out(reranker: Reranker, note: str) -> None:
    plain, marked = World(), World(reranker=reranker, options=OPTIONS)
    answers = []
    for world in (plain, marked):
        await world.put(PASSAGES)
        answers.append(await world.search("sign the form", user=None))
    assert answers[1].notes == (note,)
    assert answers[1].memories == answers[0].memories
