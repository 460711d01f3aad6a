"""What the user wishes of answers stands with what answers, where it applies to the question."""

import pytest

from services.kernel.contracts.records import Kind
from tests.support.searching import World, said

# (wish, what else was said, a question to which the wish applies, one to which it does not)
CASES = [
    (
        "Always give distances in kilometres when I ask about routes.",
        [
            "I walked from the harbour to the old lighthouse last Sunday.",
            "The old lighthouse opens at nine.",
            "My sister paints the old lighthouse every summer.",
        ],
        "How do I get to the old lighthouse?",
        "When did I walk to the old lighthouse?",
    ),
    (
        "以后回答都请先给结论。",
        ["我上周日去了旧灯塔。", "旧灯塔九点开门。", "我姐姐每年夏天画旧灯塔。"],
        "怎么去旧灯塔最方便？",
        "我之前什么时候去的旧灯塔？",
    ),
]


@pytest.mark.parametrize(("wish", "others", "request_", "asks_back"), CASES)
async def test_a_wish_joins_the_answers_to_a_request_and_to_no_question_about_the_past(
    wish: str, others: list[str], request_: str, asks_back: str
) -> None:
    world = World()
    facts = [said(text, kind=Kind.FACT, day=day) for day, text in enumerate(others)]
    await world.put([said(wish, kind=Kind.PREFERENCE), *facts])

    async def share(query: str) -> float:
        """The wish's relativity by the best one's."""
        answer = await world.search(query)
        best = max(item.relativity for item in answer.memories)
        return max(item.relativity for item in answer.preferences) / best

    assert await share(request_) > 0.25 > await share(asks_back)


async def test_a_wish_for_one_topic_stands_above_one_for_another() -> None:
    world = World()
    wishes = [
        "Always name the currency when I ask about prices.",
        "Always name the weather station when I ask about temperatures.",
    ]
    await world.put([said(text, kind=Kind.PREFERENCE, day=day) for day, text in enumerate(wishes)])
    answer = await world.search("How much is a ticket to the opera?")
    assert [item.record.value for item in answer.preferences] == wishes
    assert answer.preferences[0].relativity >= answer.preferences[1].relativity


async def test_many_memories_are_taken_from_many_conversations() -> None:
    """Three talks about the garden, the first of them long: a summary tells of all three."""
    world = World()
    talks = {
        0: [f"I planted {plant} in the garden today" for plant in
            ("tomatoes", "beans", "onions", "carrots", "peas", "leeks")],
        30: ["The garden got a new fence of larch wood after the storm had taken the old one"],
        60: ["We sold pumpkins and apples from the garden at the village market this autumn"],
    }  # fmt: skip
    await world.put([said(text, day=day, kind=Kind.FACT, source=text)
                     for day, texts in talks.items() for text in texts])  # fmt: skip

    async def days(query: str) -> list[str]:
        answer = await world.search(query, memory_limit=4)
        return [item.record.conversation_id for item in answer.memories]

    assert set(await days("Give me a summary of my garden")) == {"c0", "c30", "c60"}
    assert len(set(await days("What did I plant in the garden?"))) == 1
