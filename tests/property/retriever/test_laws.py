"""Laws of the search, whatever is in the index."""

import asyncio
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.records import Kind, MemoryRecord
from services.kernel.contracts.retrieval import SearchAnswer
from tests.support.searching import World, passage, said

WORDS = st.sampled_from(
    "lamb chicken puppy food Intel ARM proxy 狗粮 鸡肉 幼犬 安装 代理 不吃 no 12 岁 以下".split()  # noqa: SIM905 - a list of words
)
TEXTS = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
PASSAGES = st.lists(TEXTS, max_size=12, unique=True).map(
    lambda texts: [
        passage(text, document=f"{place % 4}.md", ordinal=place, start=place * 200)
        for place, text in enumerate(texts)
    ]
)
MEMORIES = st.lists(
    st.tuples(TEXTS, st.sampled_from([Kind.FACT, Kind.PREFERENCE, Kind.MESSAGE, Kind.TOOL])),
    max_size=12,
    unique=True,
).map(lambda rows: [said(text, kind=kind, day=day) for day, (text, kind) in enumerate(rows)])


def search(records: list[MemoryRecord], query: str, **fields: Any) -> SearchAnswer:
    async def run() -> SearchAnswer:
        world = World()
        await world.put(records)
        return await world.search(query, **fields)

    return asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(PASSAGES, MEMORIES, TEXTS, st.integers(0, 25))
def test_limits_order_and_bounds(
    passages: list[MemoryRecord], memories: list[MemoryRecord], query: str, limit: int
) -> None:
    answer = search([*passages, *memories], query, memory_limit=limit)
    assert len(answer.memories) <= limit
    for items in (answer.memories, answer.preferences, answer.tools):
        told = [item.relativity for item in items]
        assert told == sorted(told, reverse=True)
        assert all(0 <= value <= 1 for value in told)
        assert len({item.record.id for item in items}) == len(items)
    assert {item.record.kind for item in answer.preferences} <= {Kind.PREFERENCE}
    assert {item.record.kind for item in answer.tools} <= {Kind.TOOL}


@settings(max_examples=30, deadline=None)
@given(PASSAGES, MEMORIES, TEXTS, st.randoms(use_true_random=False))
def test_equal_requests_get_equal_answers(
    passages: list[MemoryRecord], memories: list[MemoryRecord], query: str, random: Random
) -> None:
    records = [*passages, *memories]
    first = search(records, query)
    random.shuffle(records)
    assert search(records, query) == first


@settings(max_examples=30, deadline=None)
@given(PASSAGES, MEMORIES, TEXTS, st.floats(0, 1))
def test_a_threshold_only_takes_away(
    passages: list[MemoryRecord], memories: list[MemoryRecord], query: str, threshold: float
) -> None:
    records = [*passages, *memories]
    answer = search(records, query, threshold=threshold, memory_limit=25)
    assert all(item.relativity >= threshold for item in answer.memories)
    free = {item.record.id for item in search(records, query, memory_limit=25).memories}
    assert {item.record.id for item in answer.memories} <= free


@settings(max_examples=40, deadline=None)
@given(PASSAGES, TEXTS)
def test_without_a_user_the_background_changes_nothing(
    passages: list[MemoryRecord], query: str
) -> None:
    strangers = [said("I use Intel and never eat chicken", user="u2", kind=Kind.FACT)]
    alone = search(passages, query)
    assert search([*passages, *strangers], query) == alone
