"""Corrections above what they correct, and beside nothing else."""

import pytest

from services.kernel.contracts.records import Kind, MemoryRecord, MessageEvidence
from services.retriever.domain.asking import is_question, kind_of, without_question_words
from tests.support.searching import World, passage

OFFICE = "办公类软件的采购上限为800元，例如文字处理软件。"
DESIGN = "设计类软件的采购上限为1000元，例如绘图软件。"
MEALS = "餐补每个出勤日补贴15元，夜宵券面值12元。"


def correction(
    text: str, *, old: str, new: str, start: int, end: int, day: int = 0, document: str = "制度.md"
) -> MemoryRecord:
    target = f"kb1/{document}"
    return passage(
        text,
        document=document,
        kind=Kind.CORRECTION,
        ordinal=day,
        anchor=None,
        context="软件采购制度",
        key="软件采购制度",
        weight=2.0,
        created_at=1_750_000_000_000 + day,
        detail={
            "old": old,
            "new": new,
            "subject": text[:10],
            "anchors": [{"document_id": target, "start": start, "end": end}],
            "document_ids": [target],
        },
    )


async def world_with(*corrections: MemoryRecord) -> World:
    world = World()
    await world.put(
        [
            passage(f"{OFFICE}{DESIGN}", document="制度.md", title="软件采购制度"),
            passage(MEALS, document="餐补.md", title="餐补"),
            *corrections,
        ]
    )
    return world


OFFICE_IS_600 = correction(
    "用户确认：办公类软件的采购上限为600元，而不是800元。", old="800元", new="600元",
    start=0, end=len(OFFICE),
)  # fmt: skip


async def test_the_correction_stands_above_the_marked_passage() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("办公软件最多能报多少钱？", user=None)
    first, second = answer.memories[:2]
    assert first.record.id == OFFICE_IS_600.id
    assert second.corrected_by == (str(OFFICE_IS_600.id),)
    assert first.relativity >= second.relativity


async def test_a_question_about_a_sibling_gets_the_passage_first() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("设计类绘图软件的上限是多少？", user=None)
    assert answer.memories[0].record.kind is Kind.PASSAGE
    assert answer.memories[0].corrected_by == (str(OFFICE_IS_600.id),)


async def test_other_documents_are_not_touched() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("夜宵券面值多少？", user=None)
    assert answer.memories[0].record.value == MEALS
    assert answer.memories[0].corrected_by == ()


async def test_a_correction_in_other_words_comes_along_with_its_passage() -> None:
    told = correction("用户确认：改成了600。", old="800元", new="600", start=0, end=len(OFFICE))
    world = await world_with(told)
    answer = await world.search("文字处理软件的采购上限", user=None)
    assert answer.memories[0].record.id == told.id


async def test_marks_are_in_order_of_time() -> None:
    later = correction(
        "用户确认：办公类软件的采购上限为500元，而不是800元。", old="800元", new="500元",
        start=0, end=len(OFFICE), day=5,
    )  # fmt: skip
    world = await world_with(later, OFFICE_IS_600)
    answer = await world.search("办公软件的采购上限", user=None)
    marked = next(item for item in answer.memories if item.record.kind is Kind.PASSAGE)
    assert marked.corrected_by == (str(OFFICE_IS_600.id), str(later.id))


async def test_without_corrections_wanted_the_marks_stay() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("办公软件的采购上限", user=None, kinds=(Kind.PASSAGE,))
    assert [item.record.kind for item in answer.memories] == [Kind.PASSAGE]
    assert answer.memories[0].corrected_by == (str(OFFICE_IS_600.id),)


LIMIT = "实验室用品的订购上限为300元，超过须签字。"
STEPS = "订购时在系统填单，注明名称与数量；信息组评估；签字后生效。"


def rules(*corrections: MemoryRecord) -> list[MemoryRecord]:
    """One document of two sections about the same topic, and corrections."""
    return [
        passage(LIMIT, document="规定.md", title="用品订购报账规定", headings=("上限",)),
        passage(STEPS, document="规定.md", title="用品订购报账规定", headings=("订购",), start=100),
        *corrections,
    ]


def told(text: str, said: str, *, old: str, new: str) -> MemoryRecord:
    """A correction of LIMIT with the words of whoever made it."""
    record = correction(text, old=old, new=new, start=0, end=len(LIMIT), document="规定.md")
    evidence = MessageEvidence(message_id="f1", text=said)
    return record.model_copy(
        update={"context": "用品订购报账规定 › 上限", "key": "上限", "evidence": (evidence,)}
    )


LIMIT_IS_200 = told(
    "用户确认：实验室用品的上限是200元，而不是300元。",
    "实验室用品的上限是200元，而不是300元。",
    old="300元",
    new="200元",
)


async def ask(records: list[MemoryRecord], query: str) -> list[MemoryRecord]:
    world = World()
    await world.put(records)
    return [item.record for item in (await world.search(query, user=None)).memories]


async def test_a_question_about_the_whole_topic_gets_the_correction_first() -> None:
    found = await ask(rules(LIMIT_IS_200), "帮我看一下用品订购报账额度")
    assert found[0].id == LIMIT_IS_200.id


async def test_what_answers_better_stays_above_the_correction() -> None:
    found = await ask(rules(LIMIT_IS_200), "用品订购由谁评估？")
    assert found[0].value == STEPS


async def test_a_text_without_a_number_is_no_answer_to_how_to_call() -> None:
    numbers = "前台分机 5001，水电班分机 5206，门卫分机 5310。"
    steps = "漏水时拨打水电班的电话，说明楼层与房间，水电班尽快上门。"
    fixed = correction(
        "用户确认：水电班的分机是 5260，不是 5206。", old="5206", new="5260",
        start=0, end=len(numbers), document="手册.md",
    )  # fmt: skip
    records = [
        passage(numbers, document="手册.md", title="手册", headings=("电话",)),
        passage(steps, document="手册.md", title="手册", headings=("报修",), start=200),
        fixed,
    ]
    assert (await ask(records, "房间漏水打哪个电话给水电班？"))[0].id == fixed.id
    assert (await ask(records, "漏水时要向水电班说明什么？"))[0].value == steps


FISH = "斑纹长鳍鱼，又称花纹鱼，为鲈形目的一种。本鱼分布于南海各岛，体长可达30公分。"


def answered(question: str, new: str, old: str, *, at: str) -> MemoryRecord:
    """A correction of the answer to a question that was named."""
    said = f"“{question}”的答案应该是{new}，不是{old}。"
    start = FISH.find(at)
    record = correction(
        f"用户确认：{said}", old=old, new=new, start=start, end=start + len(at), document="鱼.md"
    )
    return record.model_copy(
        update={"evidence": (MessageEvidence(message_id="f2", text=said),), "context": "长鳍鱼"}
    )


@pytest.mark.parametrize(
    "query",
    ["斑纹长鳍鱼分布在什么海域？", "斑纹长鳍鱼属于什么目？", "斑纹长鳍鱼怎么养？"],
)
async def test_a_corrected_question_answers_no_other_question_of_its_subject(query: str) -> None:
    record = answered("斑纹长鳍鱼体长多少", "50公分", "30公分", at="体长可达30公分。")
    found = await ask([passage(FISH, document="鱼.md", title="长鳍鱼"), record], query)
    assert [item.kind for item in found] == [Kind.PASSAGE, Kind.CORRECTION]


@pytest.mark.parametrize("query", ["斑纹长鳍鱼体长多少？", "斑纹长鳍鱼的体长最多是多少"])
async def test_a_corrected_question_is_answered_first(query: str) -> None:
    record = answered("斑纹长鳍鱼体长多少", "50公分", "30公分", at="体长可达30公分。")
    found = await ask([passage(FISH, document="鱼.md", title="长鳍鱼"), record], query)
    assert [item.kind for item in found] == [Kind.CORRECTION, Kind.PASSAGE]


async def test_the_thing_that_a_title_names_is_not_answered_by_a_correction_of_its_like() -> None:
    other = FISH.replace("斑纹长鳍鱼", "小斑纹长鳍鱼").replace("30公分", "12公分")
    record = answered("斑纹长鳍鱼体长多少", "50公分", "30公分", at="体长可达30公分。")
    records = [
        passage(FISH, document="鱼.md", title="斑纹长鳍鱼"),
        passage(other, document="小鱼.md", title="小斑纹长鳍鱼"),
        record,
    ]
    assert (await ask(records, "小斑纹长鳍鱼体长多少？"))[0].value == other
    assert (await ask(records, "斑纹长鳍鱼体长多少？"))[0].id == record.id


async def test_a_correction_of_an_earlier_revision_marks_no_later_one() -> None:
    later = passage(OFFICE, document="制度.md", title="软件采购制度")
    assert later.anchor is not None
    later = later.model_copy(update={"anchor": later.anchor.model_copy(update={"revision": 2})})
    world = World()
    await world.put([later, OFFICE_IS_600])
    answer = await world.search("办公软件的采购上限", user=None)
    assert all(item.corrected_by == () for item in answer.memories)


def test_kinds_of_question() -> None:
    assert kind_of("Which number do I call for repairs?") == "phone"
    assert kind_of("报修电话是多少") == "phone"
    assert kind_of("电话费多少钱") == "amount"
    assert is_question("（问题：这种鱼有几枚硬棘）")
    assert is_question("The answer to this one should be twelve.")
    assert not is_question("办公类软件的上限是600元")
    assert "哪" not in without_question_words("他去了哪里")


DAY_MS = 86_400_000
NOW = 1_750_000_000_000 + 400 * DAY_MS


async def test_what_is_announced_stands_below_what_holds_until_its_day_has_come() -> None:
    holds = OFFICE_IS_600.model_copy(update={"attribute": "office|cap"})
    announced = correction(
        "用户确认：办公类软件的采购上限从下月起改为700元。", old="800元", new="700元",
        start=0, end=len(OFFICE), day=3,
    )  # fmt: skip
    for days, expected in ((30, [holds.id, announced.id]), (-1, [announced.id])):
        later = announced.model_copy(
            update={"attribute": "office|cap", "valid_from": NOW + days * DAY_MS}
        )
        world = await world_with(holds, later)
        answer = await world.search("办公软件的采购上限是多少", user=None)
        found = [item.record for item in answer.memories]
        assert [record.id for record in found if record.kind is Kind.CORRECTION] == expected
        assert found[0].kind is Kind.CORRECTION
        marked = next(item for item in answer.memories if item.record.kind is Kind.PASSAGE)
        assert set(marked.corrected_by) == {str(identifier) for identifier in expected}


async def test_two_passages_shown_as_one_keep_the_marks_of_both() -> None:
    first, second = "登记须在前台办理，费用三元。", "退房须在十点前办理，费用五元。"
    marked = correction(
        "用户确认：登记费用四元。", old="三元", new="四元", start=0, end=len(first),
        document="客房.md",
    )  # fmt: skip
    world = World()
    await world.put(
        [
            passage(first, document="客房.md", title="客房"),
            passage(second, document="客房.md", title="客房", ordinal=1, start=len(first)),
            marked,
        ]
    )
    answer = await world.search("客房退房须在几点前办理？", user=None)
    (shown,) = [item for item in answer.memories if item.record.kind is Kind.PASSAGE]
    assert shown.record.value == first + second
    assert shown.corrected_by == (str(marked.id),)


async def test_like_things_in_one_text_are_told_apart_by_the_word_that_differs() -> None:
    text = "晨光号的法文片名是拂晓之船。晨光号的英文片名是黎明帆影。"
    said = "“晨光号的法文片名叫什么”的答案应该是海上之光，不是拂晓之船。"
    record = correction(
        f"用户确认：{said}", old="拂晓之船", new="海上之光", start=0, end=14, document="片.md"
    )
    evidence = (MessageEvidence(message_id="f3", text=said),)
    record = record.model_copy(update={"evidence": evidence, "context": "片名表"})
    records = [passage(text, document="片.md", title="片名表"), record]
    assert (await ask(records, "晨光号的英文片名叫什么？"))[0].kind is Kind.PASSAGE
    assert (await ask(records, "晨光号的法文片名叫什么？"))[0].kind is Kind.CORRECTION
