"""The user's facts choose among variants: invented cases, Chinese and English, of every kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.kernel.contracts.records import MemoryRecord
from services.kernel.contracts.retrieval import SearchAnswer
from services.retriever.handlers.search import SearchOptions
from tests.support.searching import World, passage, said

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "support/variants.jsonl")
    .read_text("utf-8")
    .split("\n")
    if line
]


def sections(document: dict[str, str]) -> list[MemoryRecord]:
    """A small Markdown document, one passage a section."""
    found: list[MemoryRecord] = []
    title = heading = ""
    for block in document["text"].split("\n#"):
        head, _, body = block.lstrip("# ").partition("\n")
        if not title:
            title = head
        else:
            heading = head
        if body.strip():
            found.append(
                passage(
                    body.strip(),
                    document=document["name"],
                    ordinal=len(found),
                    start=1000 * len(found),
                    title=title,
                    headings=[heading] if heading else [],
                )
            )
    return found


async def answered(
    case: dict[str, Any], *, background: bool = True, readings: bool = True
) -> SearchAnswer:
    """The answer to a case's query in a world of its own."""
    world = World(options=SearchOptions(background=background), readings=readings)
    await world.put([record for doc in case["documents"] for record in sections(doc)])
    await world.put(
        [
            said(message["content"], day=message["day"] + place / 1000, role=message["role"])
            for place, message in enumerate(case["messages"])
        ]
    )
    return await world.search(case["query"], day=case["query_day"], memory_limit=25, explain=True)


async def first_variant(case: dict[str, Any], *, background: bool = True) -> bool:
    """Whether the first text of a gold or wrong section is the gold one."""
    answer = await answered(case, background=background)
    for item in answer.memories:
        for name in ("gold", "wrong"):
            marks = [mark for one in case[name] for mark in one["markers"]]
            if item.record.anchor and any(mark in item.record.value for mark in marks):
                return name == "gold"
    return False


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['kind']}")
async def test_the_fact_decides(case: dict[str, Any]) -> None:
    assert await first_variant(case)


async def test_without_the_background_most_cases_are_wrong() -> None:
    plain = [await first_variant(case, background=False) for case in CASES]
    assert sum(plain) < len(CASES) / 2


async def test_what_the_query_finds_is_never_left_out() -> None:
    """An exclusion ranks below; whoever asks still sees that the thing exists."""
    world = World(options=SearchOptions(background=True))
    text = "Low-allergen food for puppies with a sensitive stomach that get diarrhoea. Protein: {}."
    document = "\n".join(
        ["# Dog food", "## B Chicken", text.format("chicken"), "## C Salmon", text.format("salmon")]
    )
    await world.put(sections({"name": "food.md", "text": document}))
    await world.put([said("My puppy must not eat chicken.", day=0)])
    answer = await world.search("It got diarrhoea from its food, I want another.", day=9)
    found = [item.record.value for item in answer.memories if item.record.anchor]
    assert found == [text.format("salmon"), text.format("chicken")]


async def test_where_only_one_text_answers_no_fact_moves_it() -> None:
    """What the user avoids is no reason to answer with something else."""
    world = World()
    await world.put(
        [
            passage(
                "Night trains to Oslo leave from platform four; not for passengers with bicycles.",
                document="trains.md",
            ),
            passage("The ferry sails at noon from the old harbour.", document="ferry.md"),
            passage("A bus leaves every hour.", document="bus.md"),
        ]
    )
    await world.put([said("I never travel without my bicycle.", day=1)])
    answer = await world.search("From which platform do night trains to Oslo leave?")
    assert answer.memories[0].record.value.startswith("Night trains")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
async def test_what_was_read_at_ingestion_decides_as_what_is_read_now(case: dict[str, Any]) -> None:
    kept, read_now = await answered(case), await answered(case, readings=False)
    assert [item.record for item in kept.memories] == [item.record for item in read_now.memories]
    for one, other in zip(kept.memories, read_now.memories, strict=True):
        # Sums run in another order.
        assert one.scores == pytest.approx(other.scores)
        assert one.relativity == pytest.approx(other.relativity)
