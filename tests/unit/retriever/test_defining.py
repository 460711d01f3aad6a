"""Questions for a meaning, and where it is defined."""

import pytest

from services.retriever.domain.defining import asked_term, defines
from tests.support.searching import World, passage


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("What counts as overtime?", "overtime"),
        ("What does 'net weight' mean?", "net weight"),
        ("What is meant by force majeure in this contract?", "force majeure"),
        ("How is a working day defined?", "working day"),
        ("Definition of residual value", "residual value"),
        ("What is a deductible?", "deductible"),
        ("什么算加班？", "加班"),
        ("什么叫“不可抗力”？", "不可抗力"),
        ("净重是什么意思？", "净重"),
        ("残值指的是什么？", "残值"),
        ("何谓轮休？", "轮休"),
        ("How much is the deductible?", ""),
        ("Where do I hand in the form?", ""),
        ("加班费怎么报销？", ""),
        ("谁来审批加班？", ""),
    ],
)
def test_the_term_that_is_asked_for(text: str, term: str) -> None:
    assert asked_term(text) == term


@pytest.mark.parametrize(
    ("text", "term", "expected"),
    [
        ('"Working day" means Monday to Friday.', "working day", True),
        ("A working day is defined as eight hours.", "working day", True),
        ("Reply within one working day.", "working day", False),
        ("Non-working day means a day off.", "working day", False),
        ("“轮休”是指按班次轮流休息。", "轮休", True),
        ("轮休，指按班次轮流休息。", "轮休", True),
        ("轮休需提前申请。", "轮休", False),
        ("轮休指定日期见附表。", "轮休", False),
    ],
)
def test_where_it_is_defined(text: str, term: str, *, expected: bool) -> None:
    assert defines(text, term) is expected


@pytest.mark.parametrize(
    ("query", "used", "defined"),
    [
        (
            "What counts as overtime?",
            "Overtime | Outside overtime hours | Overtime pay\nA | yes | 20",
            'Weeks have 40 hours. "Overtime" means work beyond them that a lead has ordered.',
        ),
        (
            "什么算加班？",
            "加班审批表 | 加班人 | 加班时长",
            "工作时间为每周四十小时，休息时间另计。加班是指经主管安排、超出四十小时的工作。",
        ),
    ],
)
async def test_the_definition_comes_first(query: str, used: str, defined: str) -> None:
    world = World()
    await world.put(
        [
            passage(text, document="d", ordinal=n, start=1000 * n, headings=[str(n)])
            for n, text in enumerate((used, defined, "Parking is free. 停车免费。"))
        ]
    )
    answer = await world.search(query)
    assert answer.memories[0].record.value == defined
